/// What was given does not fit the contract; the description says what would.
public struct InputError: Error, CustomStringConvertible {
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}

public enum ColorOrder { case rgb, bgr, gray }

public enum Resample { case nearest, bilinear, bilinearNoAntialias, bicubic, lanczos, box }

/// What happens to the aspect ratio of a picture.
public enum Fit {
    case stretch
    case centerCrop(fraction: Double)
    case pad(value: Int)
}

/// From a decoded picture to the pixels of an input.
public struct ImageRule {
    public let width: Int
    public let height: Int
    public let colorOrder: ColorOrder
    public let method: Resample
    public let fit: Fit
}

/// The scale of samples that a model was trained on.
public enum ValueScale {
    case unitScale
    case int16Scale
    case minMaxScale(epsilon: Double)
    case peakScale(peak: Double, removeMean: Bool)
}

public enum LastWindow { case drop, pad, shift }

public enum ChannelMix { case mean, first }

/// Stretches softer than `topDb` below the loudest are left out.
public struct Silence {
    public let topDb: Double
    public let frameLength: Int
    public let hopLength: Int
}

/// A windowed sinc in the exact ratio of two rates.
public struct Polyphase {
    public let zeroCrossings: Int
    public let kaiserBeta: Double
    public let rolloff: Double
}

/// From a recording to windows of sound; `resampler` is nil where the contract names soxr.
public struct SoundRule {
    public let sampleRateHz: Int
    public let resampler: Polyphase?
    public let channelMix: ChannelMix
    public let refuseLowRate: Bool
    public let minSeconds: Double
    public let maxSeconds: Double
    public let silence: Silence?
    public let valueScale: ValueScale
    public let windowSamples: Int
    public let step: Int
    public let unit: Int
    public let last: LastWindow
    public let scaled: Bool
}

/// How the numbers of a recording's windows become one.
public enum Pooling {
    case meanPooling
    case maxPooling
    case logMeanExp(sharpness: Double)
}

public enum Encoding { case degrees, sinCos4, inaturalist5, sinusoidal14, birdnet3 }

/// From a place to the vector of an input; `missingM` is NaN where a place must have an elevation.
public struct PlaceRule {
    public let encoding: Encoding
    public let highestM: Double
    public let lowestM: Double
    public let missingM: Double
    public let cosineWeek: Bool
    public let wrap: Bool
    public let features: Int
}

public struct Band {
    public let name: String
    public let low: Double
    public let high: Double
    public let scale: Double
    public let offset: Double
}

public enum MaskChannel { case none, validIs1, missingIs1 }

/// From the numbers of a tile to an input; `noData` is NaN where no value means it.
public struct TileRule {
    public let width: Int
    public let height: Int
    public let bands: [Band]
    public let noData: Double
    public let fill: Double
    public let mask: MaskChannel
}

/// A plain array, fed as it is.
public struct NumbersRule {
    public let size: Int
    public let low: Double
    public let high: Double
}

/// How one input or output meets a feature of the model.
public struct Border {
    public let name: String
    public let tensor: String
    public let position: Int
    public let shape: [Int]
    public let dtype: String
    public let channelsFirst: Bool
    public let scale: [Double]?
    public let offset: [Double]?
    public let step: Double
    public let zeroPoint: Int

    public var elements: Int { shape.reduce(1, *) }
}

public enum Activation { case softmax, sigmoid, logits, linear }

/// What the numbers of an output are; `slope` is 0 where logits are those of a softmax.
public struct OutputRule {
    public let name: String
    public let activation: Activation
    public let unit: String
    public let threshold: Double
    public let slope: Double
    public let limit: Double
}
