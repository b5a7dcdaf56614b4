// Package study asks people which method they prefer, and says what they answered.
//
// A run publishes a [Material] per experiment: pictures and lists of labels of two methods on the same images. [Build] makes a
// folder of blinded comparisons of it, the study; package web shows them and stores votes; [Analyze] joins the votes with the
// key and tests them.
//
// # A study's folder
//
//   - study.json: the comparisons, without any name of a method, image or task;
//   - pictures/: their pictures under random names;
//   - key.json, which only its owner may read: the secret, and which side of each comparison is which method;
//   - votes.jsonl and votes.head: the votes, one a line, and their number;
//   - lock: held by the one program that may write.
//
// # Blinding
//
// What a participant sees follows from the secret alone: the order of the comparisons and the sides, both their own, and the
// opaque names in addresses. The secret is random and not derived from the study's seed, so that nobody who knows the program,
// the material and the seed can tell the sides.
package study
