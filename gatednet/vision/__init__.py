"""Networks of images, pure: reading images and keeping features is the part of `sweeps`."""

from gatednet.vision.cnn import CNN, Architecture, mean_cross_entropy, scaled

__all__ = ["CNN", "Architecture", "mean_cross_entropy", "scaled"]
