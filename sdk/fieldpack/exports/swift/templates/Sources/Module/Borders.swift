/// The numbers that a feature takes for one prepared example: scaled, channels moved.
func stored(_ border: Border, _ prepared: [Float]) throws -> [Float] {
    let elements = border.elements
    guard prepared.count == elements else {
        throw InputError("\(border.name) takes \(elements) numbers, and \(prepared.count) came")
    }
    let channels = border.channelsFirst ? border.shape[border.shape.count - 3] : (border.shape.last ?? 1)
    let places = elements / channels
    let scale = border.scale?.map { Float($0) }
    let offset = border.offset?.map { Float($0) }
    return (0..<elements).map { target in
        let source = border.channelsFirst ? target % places * channels + target / places : target
        guard let factors = scale, let shifts = offset else { return prepared[source] }
        let part = prepared[source] * factors[source % factors.count]
        return part + shifts[source % shifts.count]
    }
}
