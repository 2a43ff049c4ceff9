"""Passes that train Keras models, of Keras 3 and of ``tf_keras`` alike."""
