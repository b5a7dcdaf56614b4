// Package boundary compares the decision boundaries of classifiers: how far an image is from the boundary of one and how
// far the boundary of another is from there, which regions a plane through an image falls into, and how often two
// classifiers agree on planes through three images. It asks whether boundaries that lie close together are why a gain in
// recognition transfers. It knows nothing of networks: a [Classifier] maps images to logits.
//
//   - Boundary distance (Tramer et al. 2017, "The Space of Transferable Adversarial Examples"): [Draw] a sample, choose
//     [Directions] ([TowardNearest], [AlongGradient], [TowardRandom], [Toward]), find each [Distance] by [MinDist] and
//     [Compare] two classifiers' distances.
//   - Regions in a plane (Liu et al. 2017, "Delving into Transferable Adversarial Examples and Black-box Attacks"):
//     [GradientPlane], [Square] and [LabelMaps], compared by [RegionIoU].
//   - Region agreement (Somepalli et al., CVPR 2022, "Can Neural Nets Learn the Same Model Twice?"): [Triplets], then
//     [AgreeOnPlanes] and [Agreement.Pair]. A single plane to draw is [ThroughTriplet].
//
// How one of these goes with the gain that transfers is statistics.Spearman over the pairs of source and evaluator.
//
// # Space
//
// Everything happens in the space of pixels in [0,1], unnormalized, and nothing is clipped there: points on rays and planes
// may leave [0,1]. Lengths are L2 over all channels and pixels of an image. The label of a point is the class with the
// highest logit; of equal logits the lower class index wins.
//
// # Determinism
//
// Every random choice draws from a PCG stream named after its use and seeded by the caller. The points that are classified
// do not depend on the size of the batches; what a classifier makes of one point may, in the last bits of its logits.
//
// # Errors
//
// Wrong shapes, labels, settings and logits that are not finite are errors, and so is a context that ends, at the next
// batch. What libtorch itself refuses is a panic with an *aten.Error.
package boundary
