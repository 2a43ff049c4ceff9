"""Networks of the side-by-side studies, written from their papers."""
