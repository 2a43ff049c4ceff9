"""Where twelve kinds live on a generated planet, and a small net that learned it from observations."""
