"""A page in the browser for asking a model, on the machine it runs on and for nobody else."""
