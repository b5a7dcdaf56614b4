// Package detection holds the detectors: Faster R-CNN (Ren et al. 2015) on a feature map of one scale. Its definitions are
// those of torchvision 0.14, down to the order in which random numbers are drawn.
package detection
