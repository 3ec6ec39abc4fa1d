"""Searching the noise of a trained generator for what was measured, and what is known without one to compare with."""
