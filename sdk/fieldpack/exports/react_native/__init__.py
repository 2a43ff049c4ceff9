"""A React Native package: types, preprocessing and answers in TypeScript, for react-native-fast-tflite."""
