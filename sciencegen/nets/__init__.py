"""Networks: from tensors to tensors, knowing nothing of probability or science."""
