"""From residuals to segmentations and the numbers that judge them."""
