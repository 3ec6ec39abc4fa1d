"""Data: tables and arrays from files, batches from tensors."""
