"""Microstructures: images of materials, as the phase of every pixel."""
