"""What a right implementation passes: the gradient checks, and the catalogue of wrong variants that they reject."""
