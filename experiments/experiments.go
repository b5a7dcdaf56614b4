// Package experiments reads experiment specs: one YAML file is one experiment,
// which gives one table or figure of a paper (or several that share their
// cells); a folder of them is a suite.
//
// A file named base*.yaml or _*.yaml holds definitions for others and is not an
// experiment. Reading an experiment takes these steps, in this order:
//
//  1. extends: the named file, relative to the one that names it, is read first
//     and the extending file is merged over it. Mappings merge key by key;
//     lists and scalars replace; null deletes what was inherited.
//  2. profiles: the entry named by Options.Profile, or else by default_profile,
//     is merged over the result in the same way.
//  3. Options.Set: each "a.b[0].c=value" replaces one value.
//  4. per_task: for each task named there, its training and lambda are merged
//     over the experiment's.
//  5. Decoding into [Spec], strictly, and the checks across keys.
//
// What the user got wrong comes back as [Diagnostics]: all mistakes at once, each
// with its file, line and column, the line itself and the nearest known name.
// Nothing here touches a tensor, and the names of architectures, degradations,
// methods and metrics are the caller's to give (see [Names]), so that a spec is
// checked completely before anything is computed.
package experiments
