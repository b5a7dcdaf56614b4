// Package web shows a study to its participants in a browser and stores what they answer.
//
// Pages are plain HTML forms that work without scripts; a script adds keys. Nothing is loaded from elsewhere. A participant is
// known by a signed cookie, sees one comparison at a time, and answers it with a ticket that holds for this participant, this
// comparison and this position alone.
package web
