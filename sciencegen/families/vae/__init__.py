"""Variational autoencoders: the family, its posteriors, priors and likelihoods."""

from sciencegen.families.vae.decoders import Choice, Gaussian, Likelihood, Matrix, Spelled, Spelling, likelihood
from sciencegen.families.vae.posteriors import Diagonal, Draw, Flowed, Full, Posterior
from sciencegen.families.vae.priors import Carried, Prior, Standard
from sciencegen.families.vae.vae import VAE

__all__ = [
    "VAE",
    "Carried",
    "Choice",
    "Diagonal",
    "Draw",
    "Flowed",
    "Full",
    "Gaussian",
    "Likelihood",
    "Matrix",
    "Posterior",
    "Prior",
    "Spelled",
    "Spelling",
    "Standard",
    "likelihood",
]
