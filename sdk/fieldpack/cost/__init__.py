"""What a flavour costs where it runs: time and memory, taken in rounds on a named target."""
