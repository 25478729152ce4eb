import Synchronization

/// What was learned of model services by calling them: kept in memory, and handed to a recorder that stores it.
package final class LearnedServices: Sendable {
    /// A model of a service.
    package struct Key: Hashable, Sendable {
        package var address: String
        package var model: String

        package init(address: String, model: String) {
            self.address = address
            self.model = model
        }
    }

    package struct Facts: Equatable, Sendable {
        package var adaptations: Set<ServiceAdaptation> = []
        /// Of an embedding model.
        package var embeddingDimensions: Int?

        package init(adaptations: Set<ServiceAdaptation> = [], embeddingDimensions: Int? = nil) {
            self.adaptations = adaptations
            self.embeddingDimensions = embeddingDimensions
        }
    }

    package typealias Recorder = @Sendable (Key, Facts) async -> Void

    private struct State {
        var facts: [Key: Facts] = [:]
        var recorder: Recorder?
    }

    /// Clients name addresses and models, so the number is bounded.
    package static let capacity = 4_096

    private let state = Mutex(State())

    package init() {}

    /// Begins with what was stored, and hands over what is learned from now on.
    package func begin(with stored: [(Key, Facts)], recorder: @escaping Recorder) {
        state.withLock { state in
            for (key, facts) in stored.prefix(Self.capacity) { state.facts[key] = facts }
            state.recorder = recorder
        }
    }

    package func facts(of key: Key) -> Facts { state.withLock { $0.facts[key] ?? Facts() } }

    /// Waits until the recorder has stored it.
    package func learn(of key: Key, _ change: (inout Facts) -> Void) async {
        let (facts, recorder) = state.withLock { state in
            if state.facts[key] == nil, state.facts.count >= Self.capacity, let any = state.facts.keys.first {
                state.facts[any] = nil
            }
            var facts = state.facts[key] ?? Facts()
            let old = facts
            change(&facts)
            state.facts[key] = facts
            return (facts, facts == old ? nil : state.recorder)
        }
        await recorder?(key, facts)
    }
}
