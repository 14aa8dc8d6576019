import Testing

@testable import OpniLogTraining

/// Files that are no model, or a damaged one: an error each, never a crash.
@Suite(.enabled(if: Prerequisites.hasBridge, "\(Prerequisites.bridgeReason)"))
struct ReadingTests {
    /// A model file of ours, made once.
    private static let sound = Task {
        let folder = TemporaryFolder()
        return try await withTrainer(.test()) { trainer in
            _ = try await trainer.train(on: Samples.data(words: 8, epochs: 1, steps: 1))
            try await trainer.save(to: folder.path)
            var archive = StoredZip(folder.read(ModelFile.name))
            // Reading needs neither the decoder, nor the target embedding, nor the optimiser's state.
            for record in Array(18...45) + [48, 49] + Array(52...114) { archive.remove("/data/\(record)") }
            return archive.bytes
        }
    }

    /// What reading a file with these bytes says; nil where it is read.
    private func verdict(_ bytes: [UInt8], toTrainWith seed: UInt64? = nil) async throws -> TrainingError? {
        try await read(bytes, toTrainWith: seed).error
    }

    private func verdict(path: String) async throws -> TrainingError? { try await read(path: path).error }

    /// The digest of the parameters that were read, or why they could not be.
    private func read(_ bytes: [UInt8], toTrainWith seed: UInt64? = nil) async throws -> Result<String, TrainingError> {
        let folder = TemporaryFolder()
        folder.write(bytes, to: "model.pt")
        return try await read(path: "\(folder.path)/model.pt", toTrainWith: seed)
    }

    private func read(path: String, toTrainWith seed: UInt64? = nil) async throws -> Result<String, TrainingError> {
        let bridge = try await TorchBridge.open(Prerequisites.bridge)
        _ = try await bridge.start(device: Prerequisites.device, threads: 1)
        do throws(TrainingError) {
            return .success(
                try await TorchThread.shared.run { () throws(TrainingError) in
                    try TensorDigest.compute(
                        try TorchModel.read(
                            bridge, path: path, place: .init(device: Prerequisites.device), toTrainWith: seed))
                })
        } catch {
            return .failure(error)
        }
    }

    /// The archive with its pickle changed.
    private func pickled(
        toTrainWith seed: UInt64? = nil, _ change: ([UInt8]) -> [UInt8]
    ) async throws -> TrainingError? {
        var archive = StoredZip(try await Self.sound.value)
        let old = archive["data.pkl"]
        let new = change(old)
        try #require(new != old, "the change found nothing to change")
        archive["data.pkl"] = new
        return try await verdict(archive.bytes, toTrainWith: seed)
    }

    private func expect(_ error: TrainingError?, _ text: String) {
        #expect(error?.code == .badModel)
        #expect(error?.message == "\(text); give the folder of a model that was written whole.")
    }

    /// No logit stands above one that is no number, so every log would be normal.
    @Test func numbersThatAreNotFiniteAreRefused() async throws {
        var archive = StoredZip(try await Self.sound.value)
        var numbers = archive["/data/0"]
        try #require(numbers.count == 256 * 256 * 4)
        numbers.replaceSubrange(400..<404, with: [0, 0, 0xC0, 0x7F])
        archive["/data/0"] = numbers
        expect(
            try await verdict(archive.bytes),
            "encoder.layers.0.self_attn.linears.0.weight holds a number that is not finite")
    }

    @Test func positionsThatAreNotFiniteAreRefused() async throws {
        var archive = StoredZip(try await Self.sound.value)
        let names = (0..<60).map { "/data/\($0)" }.filter { archive[$0].count == 64 * 256 * 4 }
        try #require(names.count == 1)
        var numbers = archive[names[0]]
        numbers.replaceSubrange(400..<404, with: [0, 0, 0x80, 0x7F])
        archive[names[0]] = numbers
        expect(try await verdict(archive.bytes), "src_embed.1.pe holds a number that is not finite")
    }

    @Test func aSoundFileIsRead() async throws {
        let bytes = try await Self.sound.value
        #expect(try await verdict(bytes) == nil)
    }

    @Test func theOptimisersStateIsAskedForToTrainOnly() async throws {
        let bytes = try await Self.sound.value
        expect(
            try await verdict(bytes, toTrainWith: 1),
            "step of encoder.layers.0.self_attn.linears.0.weight has no data in the file")
        let change: ([UInt8]) -> [UInt8] = { $0.replacing(first: "optimizer_state_dict", with: "optimizer_state_duct") }
        #expect(try await pickled(change) == nil)
        expect(try await pickled(toTrainWith: 1, change), "the file holds no optimizer_state_dict")
    }

    @Test func noFileAndNoArchive() async throws {
        #expect(try await verdict(path: "/nowhere/model.pt")?.code == .badModel)
        for bytes in [[], Array("no zip at all".utf8), [UInt8](repeating: 0, count: 5000)] {
            let error = try await verdict(bytes)
            #expect(error?.code == .badModel)
            #expect(error?.message.hasPrefix("the file is no model archive: ") == true)
        }
    }

    @Test func anyTruncationIsAnError() async throws {
        let bytes = try await Self.sound.value
        for part in 0..<30 {
            let error = try await verdict(Array(bytes[..<(bytes.count * part / 30)]))
            #expect(error?.code == .badModel, "cut at \(part)/30")
        }
        #expect(try await verdict(bytes.dropLast())?.code == .badModel)
    }

    @Test func aChangedByteIsNoticedOrHarmless() async throws {
        let bytes = try await Self.sound.value
        let digest = try await read(bytes).get()
        var random = Samples.Random(state: 5)
        for _ in 0..<80 {
            var changed = bytes
            changed[random.next(below: bytes.count)] ^= UInt8(1 + random.next(below: 255))
            switch try await read(changed) {
            case .success(let found): #expect(found == digest)
            case .failure(let error): #expect(error.code == .badModel)
            }
        }
    }

    @Test func aChangedNumberIsNoticed() async throws {
        var archive = StoredZip(try await Self.sound.value)
        let place = try #require(archive.entries.firstIndex { $0.name.hasSuffix("/data/0") })
        // The checksum stays as it was.
        archive.entries[place].bytes[1000] ^= 1
        expect(
            try await verdict(archive.bytes),
            "encoder.layers.0.self_attn.linears.0.weight is damaged: its checksum is another")
    }

    /// As above, with the checksum right, so that the pickle's own reader is what stands the test.
    @Test func aChangedPickleIsNoticedOrHarmless() async throws {
        let archive = StoredZip(try await Self.sound.value)
        let pickle = archive["data.pkl"]
        var random = Samples.Random(state: 6)
        for _ in 0..<150 {
            var changed = archive
            for _ in 0..<1 + random.next(below: 3) {
                changed["data.pkl"][random.next(below: pickle.count)] = UInt8(random.next(below: 256))
            }
            let error = try await verdict(changed.bytes)
            #expect(error == nil || error?.code == .badModel)
        }
        for part in 0..<20 {
            var changed = archive
            changed["data.pkl"] = Array(pickle[..<(pickle.count * part / 20)])
            expect(try await verdict(changed.bytes), "the model's data.pkl is damaged: it ends too early")
        }
    }

    @Test func whatIsMissingIsNamed() async throws {
        var archive = StoredZip(try await Self.sound.value)
        archive.remove("data.pkl")
        expect(try await verdict(archive.bytes), "the archive holds no data.pkl, so it is no model")

        archive = StoredZip(try await Self.sound.value)
        archive.remove("/data/3")
        expect(
            try await verdict(archive.bytes), "encoder.layers.0.self_attn.linears.1.bias has no data in the file")

        expect(
            try await pickled { $0.replacing(first: "model_state_dict", with: "model_state_duct") },
            "the file holds no model_state_dict")
        expect(
            try await pickled { $0.replacing(first: "generator.proj.bias", with: "generator.proj.bios") },
            "the model lacks generator.proj.bias")
        expect(
            try await pickled { $0.replacing(first: "src_embed.1.pe", with: "src_embed.1.po") },
            "the model lacks src_embed.1.pe")
    }

    @Test func wrongShapesAreNamed() async throws {
        // 256 as four bytes, then as a smaller and as a vast number.
        let width: [UInt8] = [UInt8(ascii: "("), UInt8(ascii: "J"), 0, 1, 0, 0, UInt8(ascii: "J"), 0, 1, 0, 0]
        let narrow: [UInt8] = [UInt8(ascii: "("), UInt8(ascii: "J"), 0, 1, 0, 0, UInt8(ascii: "J"), 1, 1, 0, 0]
        expect(
            try await pickled { $0.replacing(first: width, with: narrow) },
            "encoder.layers.0.self_attn.linears.0.weight has the shape [256, 257], not [256, 256]")
        let vast: [UInt8] = [UInt8(ascii: "("), UInt8(ascii: "J"), 0, 1, 0, 0, UInt8(ascii: "J"), 255, 255, 255, 127]
        expect(
            try await pickled { $0.replacing(first: width, with: vast) },
            "encoder.layers.0.self_attn.linears.0.weight has the shape [256, 2147483647], not [256, 256]")
    }

    @Test func stridesMustStayInside() async throws {
        // The strides (256, 1) of the first weight.
        let sound: [UInt8] = [UInt8(ascii: "J"), 0, 1, 0, 0, UInt8(ascii: "J"), 1, 0, 0, 0, UInt8(ascii: "t")]
        for wrong: [UInt8] in [
            [0, 1, 0, 0, 2, 0, 0, 0], [255, 255, 255, 127, 1, 0, 0, 0], [0, 1, 0, 0, 255, 255, 255, 255],
        ] {
            let new = [sound[0]] + wrong[..<4] + [sound[5]] + wrong[4...] + [sound[10]]
            expect(
                try await pickled { $0.replacing(first: sound, with: Array(new)) },
                "encoder.layers.0.self_attn.linears.0.weight reaches beyond its data")
        }
    }

    @Test func dataMustFitItsDescription() async throws {
        var archive = StoredZip(try await Self.sound.value)
        archive["/data/1"] = Array(archive["/data/1"].dropLast(4))
        expect(
            try await verdict(archive.bytes),
            "encoder.layers.0.self_attn.linears.0.bias has 1020 bytes of data for 256 numbers")
        archive = StoredZip(try await Self.sound.value)
        archive["byteorder"] = Array("big".utf8)
        expect(try await verdict(archive.bytes), "the model was written on a big-endian machine")
        expect(
            try await pickled { $0.replacing(first: "torch\nFloatStorage", with: "torch\nLongStorage") },
            "encoder.layers.0.self_attn.linears.0.weight holds LongStorage, not floating-point numbers")
    }

    @Test func nothingIsCalledThatAModelDoesNotNeed() async throws {
        expect(
            try await pickled { $0.replacing(first: "collections\nOrderedDict", with: "posix\nsystem") },
            "the model's data.pkl is damaged: it asks for posix system, which no model file needs")
        for (program, text) in [
            ("\u{2}.", "operation 2 has no place in it"),
            (".", "its stack runs empty"),
            ("(t(.", "its stack runs empty"),
            ("t.", "a mark is missing"),
            ("}Na.", "it appends to what is no list"),
            ("]NNs.", "it assigns to what is no dictionary"),
            ("}(Nu.", "it assigns to what is no dictionary"),
            ("h\u{7}.", "it recalls what it never stored"),
            ("NNR.", "it calls what is no function"),
            ("ctorch\nFloatStorage\n)R.", "it calls FloatStorage"),
            ("ccollections\nOrderedDict\n(NtR.", "an OrderedDict begins with something in it"),
            ("ctorch._utils\n_rebuild_tensor_v2\n)R.", "a tensor is not described as one"),
            ("(X\u{7}\0\0\0storageNNNNtQ.", "a storage is not described as one"),
        ] {
            expect(try await pickled { _ in Array(program.utf8) }, "the model's data.pkl is damaged: \(text)")
        }
        expect(try await pickled { _ in Array("N.".utf8) }, "the file holds no model_state_dict")
    }

    /// A million nested tuples cost no stack; more values than any model has are refused.
    @Test func depthAndNumberAreBounded() async throws {
        let deep = [UInt8(ascii: ")")] + [UInt8](repeating: 0x85, count: 1_000_000) + [UInt8(ascii: ".")]
        expect(try await pickled { _ in deep }, "the file holds no model_state_dict")
        let many = [UInt8](repeating: UInt8(ascii: "N"), count: 1_100_000) + [UInt8(ascii: ".")]
        expect(try await pickled { _ in many }, "the model's data.pkl is damaged: it holds too many values")
    }
}

extension Result {
    fileprivate var error: Failure? {
        guard case .failure(let error) = self else { return nil }
        return error
    }
}
