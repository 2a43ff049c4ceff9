import Foundation

private let octaves: [Double] = [1, 2, 4, 8]
private let weeks = 48.0
private let noWeek = -1.0
private let degreesAWeek = 7.5
private let highestPlaceM = 9000.0

/// A place on the earth, WGS 84; latitude before longitude.
///
/// `elevationM` is nil where nothing is known, `week` 1 to 48 or nil. `features` are the values of the contract's table
/// for the place.
public struct Place {
    public let latitudeDegrees: Double
    public let longitudeDegrees: Double
    public let elevationM: Double?
    public let week: Int?
    public let features: [Double]

    public init(
        latitudeDegrees: Double,
        longitudeDegrees: Double,
        elevationM: Double? = nil,
        week: Int? = nil,
        features: [Double] = []
    ) {
        self.latitudeDegrees = latitudeDegrees
        self.longitudeDegrees = longitudeDegrees
        self.elevationM = elevationM
        self.week = week
        self.features = features
    }
}

/// The vector of one place: double precision, rounded once at the end.
public func encodePlace(_ place: Place, _ rule: PlaceRule) throws -> [Float] {
    guard place.features.count == rule.features else {
        throw InputError("\(place.features.count) features came with a place; the model takes \(rule.features)")
    }
    let latitude = try within("latitude", place.latitudeDegrees, -90, 90)
    let vector = encoded(rule, latitude, try longitude(of: place, rule), try third(of: place, rule))
    return (vector + place.features).map { Float($0) }
}

private func longitude(of place: Place, _ rule: PlaceRule) throws -> Double {
    var longitude = place.longitudeDegrees
    if rule.wrap {
        longitude = try within("longitude", longitude, -720, 720)
        if abs(longitude) > 180 {
            let turned = (longitude + 180).truncatingRemainder(dividingBy: 360)
            longitude = (turned + 360).truncatingRemainder(dividingBy: 360) - 180
        }
    }
    return try within("longitude", longitude, -180, 180)
}

/// What stands in third place of the encoding: an elevation, a week, or nothing.
private func third(of place: Place, _ rule: PlaceRule) throws -> Double {
    if rule.encoding == .birdnet3 {
        guard let week = place.week else { return noWeek }
        return try within("week", Double(week), 1, weeks)
    }
    guard place.week == nil else {
        throw InputError("a week was given to a model that takes none")
    }
    if rule.encoding != .inaturalist5 {
        return 0
    }
    let known = place.elevationM ?? rule.missingM
    if place.elevationM == nil && known.isNaN {
        throw InputError("a place needs its elevation in metres")
    }
    return try within("elevation", known, -rule.lowestM, highestPlaceM)
}

private func encoded(_ rule: PlaceRule, _ latitude: Double, _ longitude: Double, _ third: Double) -> [Double] {
    let x = Double.pi * (longitude / 180)
    let y = Double.pi * (latitude / 90)
    switch rule.encoding {
    case .degrees: return [latitude, longitude]
    case .sinCos4: return [sin(x), sin(y), cos(x), cos(y)]
    case .inaturalist5:
        return [sin(x), sin(y), cos(x), cos(y), third > 0 ? third / rule.highestM : third / rule.lowestM]
    case .sinusoidal14: return waves(latitude / 90, longitude / 180)
    case .birdnet3: return [latitude, longitude, writtenWeek(rule, third)]
    }
}

private func waves(_ y: Double, _ x: Double) -> [Double] {
    let found = octaves.flatMap { octave -> [Double] in
        let turned = octave * Double.pi
        return [sin(turned * y), cos(turned * y), sin(turned * x)]
    }
    return [y, x] + found
}

private func writtenWeek(_ rule: PlaceRule, _ week: Double) -> Double {
    !rule.cosineWeek || week == noWeek ? week : cos(week * degreesAWeek * Double.pi / 180) + 1
}

private func within(_ name: String, _ value: Double, _ low: Double, _ high: Double) throws -> Double {
    guard value >= low && value <= high else {
        throw InputError("\(name) \(value) is out of range; allowed: \(low) to \(high)")
    }
    return value
}
