// Package statistics says how sure a measured number is: intervals around a
// mean, paired tests of a gain, correction for many tests, rank correlation.
//
// Inputs are one value per image: 0 or 1 for a right or wrong answer (or 0 and
// 100, see [Scale]), decibels for PSNR, and so on. Results keep the unit of
// their input.
//
// # What varies, and what an interval covers
//
// Two things vary between one run and the next: which images were drawn for
// the test, and the seed that P was trained from. An interval covers only what
// was repeated, and says so in its Method:
//
//   - [BootstrapMean] covers the images: another test set of the same size.
//   - [StudentMean] covers the seeds: another training run, same test images.
//   - [PairedGain] covers the images with one seed, and both images and seeds
//     with several.
//
// # Warnings
//
// What weakens a number ("1 seed: the interval is over images only") is a
// [Warning], a value that travels with the result, never a line printed on the
// side. A result that cannot be given is NaN with a warning, so that a table
// of many numbers is not lost for one of them.
//
// # Determinism
//
// Resampling draws from a PCG stream named after its use and seeded by the
// caller: the same input gives the same interval, bit for bit.
package statistics
