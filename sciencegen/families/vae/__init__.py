"""Variational autoencoders: the family, its posteriors and its likelihoods."""

from sciencegen.families.vae.decoders import Choice, Gaussian, Likelihood, Spelled, Spelling, likelihood
from sciencegen.families.vae.posteriors import Diagonal, Draw, Flowed, Full, Posterior
from sciencegen.families.vae.vae import VAE

__all__ = [
    "VAE",
    "Choice",
    "Diagonal",
    "Draw",
    "Flowed",
    "Full",
    "Gaussian",
    "Likelihood",
    "Posterior",
    "Spelled",
    "Spelling",
    "likelihood",
]
