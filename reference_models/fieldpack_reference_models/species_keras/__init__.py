"""Where 226 species of six regions live, learned from presence-only records and judged on surveys."""
