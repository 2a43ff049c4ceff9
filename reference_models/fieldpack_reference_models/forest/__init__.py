"""The embedded raster model: canopy height of a generated forest, with an interval, from four bands."""
