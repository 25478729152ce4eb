/// Holds the values of all containers that are still open, innermost last, so that each container's array is
/// allocated once and in its exact size.
struct PendingValues<Value>: ~Copyable {
    private var start: UnsafeMutablePointer<Value>
    private var capacity: Int
    private(set) var count = 0

    init(capacity: Int) {
        self.capacity = capacity
        start = .allocate(capacity: capacity)
    }

    deinit {
        start.deinitialize(count: count)
        start.deallocate()
    }

    /// The value at a place that is below `count`.
    subscript(place: Int) -> Value {
        unsafeAddress { UnsafePointer(start + place) }
        unsafeMutableAddress { start + place }
    }

    @inline(__always)
    mutating func push(_ value: consuming Value) {
        if count == capacity { grow() }
        (start + count).initialize(to: value)
        count &+= 1
    }

    /// Takes away all values from `first` on.
    mutating func pop(from first: Int) -> [Value] {
        let size = count - first
        let source = start + first
        count = first
        return Array(unsafeUninitializedCapacity: size) { target, initialized in
            target.baseAddress?.moveInitialize(from: source, count: size)
            initialized = size
        }
    }

    @inline(never)
    private mutating func grow() {
        let larger = UnsafeMutablePointer<Value>.allocate(capacity: capacity * 2)
        larger.moveInitialize(from: start, count: count)
        start.deallocate()
        start = larger
        capacity *= 2
    }
}
