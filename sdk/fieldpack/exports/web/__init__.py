"""A folder with a web page that runs a bundle: LiteRT.js, the model, the contract's arithmetic."""
