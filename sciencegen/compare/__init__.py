"""How far two sets of samples are apart, in feature vectors or in one number each."""
