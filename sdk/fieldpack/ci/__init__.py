"""Templates that hold a bundle against its budget on a team's own build machine."""
