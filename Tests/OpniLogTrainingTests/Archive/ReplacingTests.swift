import Glibc
import LogDataset
import Testing

@testable import OpniLogTraining

/// How model and vocabulary reach their places; needs no libtorch.
struct ReplacingTests {
    private let folder = TemporaryFolder()

    private func replace(_ body: (Int32) throws(TrainingError) -> Void) throws(TrainingError) {
        try ModelFile.replacePair(in: folder.path, Samples.vocabulary(9), body)
    }

    private func writeOld() {
        folder.write(Array("old words".utf8), to: ModelFile.vocabularyName)
        folder.write(Array("old model".utf8), to: ModelFile.name)
    }

    @Test func bothAreReplaced() throws {
        writeOld()
        try replace { descriptor throws(TrainingError) in _ = Glibc.write(descriptor, "new", 3) }
        #expect(folder.names == [ModelFile.name, ModelFile.vocabularyName])
        #expect(folder.read(ModelFile.name) == Array("new".utf8))
        let words = try Vocabulary(readingFrom: "\(folder.path)/\(ModelFile.vocabularyName)")
        #expect(words.count == 9)
    }

    /// They hold words of people's logs, and nobody else knows of them.
    @Test func whatAKilledProcessLeftIsRemoved() throws {
        let others = ["\(ModelFile.name).partial-mine", "other.partial-7"]
        for name in others { folder.write([1], to: name) }
        for name in [ModelFile.name, ModelFile.vocabularyName] { folder.write([1], to: "\(name).partial-4711") }
        folder.write([1], to: "\(ModelFile.vocabularyName).partial-4711.4711.partial")
        try replace { _ in }
        #expect(Set(folder.names) == Set([ModelFile.name, ModelFile.vocabularyName] + others))
    }

    @Test func aModelThatCannotBeWrittenLeavesBothAsTheyWere() throws {
        writeOld()
        let error = #expect(throws: TrainingError.self) {
            try replace { descriptor throws(TrainingError) in
                _ = Glibc.write(descriptor, "half", 4)
                throw TrainingError(.unwritable, "the disk is full")
            }
        }
        #expect(error?.message == "the disk is full")
        #expect(folder.names == [ModelFile.name, ModelFile.vocabularyName])
        #expect(folder.read(ModelFile.name) == Array("old model".utf8))
        #expect(folder.read(ModelFile.vocabularyName) == Array("old words".utf8))
    }

    @Test func aFolderInTheModelsPlaceLeavesTheVocabularyAsItWas() throws {
        folder.write(Array("old words".utf8), to: ModelFile.vocabularyName)
        let place = "\(folder.path)/\(ModelFile.name)"
        mkdir(place, 0o700)
        defer { rmdir(place) }
        let error = #expect(throws: TrainingError.self) { try replace { _ in } }
        #expect(error?.code == .unwritable)
        #expect(error?.message.hasPrefix("\(place) cannot be written: Is a directory; ") == true)
        #expect(folder.names == [ModelFile.name, ModelFile.vocabularyName])
        #expect(folder.read(ModelFile.vocabularyName) == Array("old words".utf8))
    }

    @Test func aVocabularyThatCannotBeMovedLeavesTheModelAsItWas() throws {
        folder.write(Array("old model".utf8), to: ModelFile.name)
        let place = "\(folder.path)/\(ModelFile.vocabularyName)"
        mkdir(place, 0o700)
        defer { rmdir(place) }
        let error = #expect(throws: TrainingError.self) { try replace { _ in } }
        #expect(error?.code == .unwritable)
        #expect(folder.names == [ModelFile.name, ModelFile.vocabularyName])
        #expect(folder.read(ModelFile.name) == Array("old model".utf8))
    }
}
