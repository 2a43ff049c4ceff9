"""Delivery under attack: what a reader with the public key notices of a bundle that is not the signed one."""
