import Glibc

/// The errors of files and tables, worded in one place.
extension DatasetError {
    static func cannotRead(_ path: String, _ code: CInt, file: String = #fileID, line: Int = #line) -> DatasetError {
        DatasetError(
            .unreadableFile, "\(path) cannot be read (\(systemText(code))); check the path and its rights",
            file: file, line: line)
    }

    static func misnamed(_ path: String, file: String = #fileID, line: Int = #line) -> DatasetError {
        DatasetError(
            .unreadableFile, "\(path) cannot be read, for its name is not UTF-8; rename it (mv $'…' …)", file: file,
            line: line)
    }

    static func cannotWrite(_ path: String, _ code: CInt, file: String = #fileID, line: Int = #line) -> DatasetError {
        let mend =
            code == ENOSPC || code == EDQUOT
            ? "free some space on its disk, or choose another output folder"
            : "check that the folder is there and yours"
        return DatasetError(
            .unwritable, "\(path) cannot be written (\(systemText(code))); \(mend)", file: file, line: line)
    }

    static func diskBudgetSpent(
        _ path: String, limit: Int, taken: Int, file: String = #fileID, line: Int = #line
    ) -> DatasetError {
        DatasetError(
            .unwritable,
            "the disk budget of \(limit >> 20) MiB is spent (\(taken >> 20) MiB are taken, \(path) needs more); give "
                + "more (opnilog-train: --disk), free some space, or read less",
            file: file, line: line)
    }

    static func corrupt(
        _ path: String, at offset: Int, _ how: String, file: String = #fileID, line: Int = #line
    ) -> DatasetError {
        let mend =
            path.hasSuffix(".run")
            ? "go on with the run (opnilog-train: --resume), which reads again what was in it"
            : "fetch or make the file again"
        return DatasetError(
            .corruptFile, "\(path) is damaged at byte \(offset): \(how); \(mend)", file: file, line: line)
    }

    /// A reading with holes where a complete one was demanded.
    static func incomplete(_ holes: [Hole], file: String = #fileID, line: Int = #line) -> DatasetError {
        let shown = holes.prefix(3).map(\.what).joined(separator: "; ")
        let more = holes.count > 3 ? "; and \(holes.count - 3) more" : ""
        return DatasetError(
            .incomplete,
            "not everything could be read: \(shown)\(more); mend that, or leave --require-complete out to do without it",
            file: file, line: line)
    }

    static func notATable(_ path: String, file: String = #fileID, line: Int = #line) -> DatasetError {
        DatasetError(
            .corruptFile, "\(path) is no template table; give one that `opnilog-train collect` or `train` has written",
            file: file, line: line)
    }

    static func tooManyLines(
        _ path: String, ofTemplate isOfTemplate: Bool, file: String = #fileID, line: Int = #line
    ) -> DatasetError {
        let what =
            isOfTemplate
            ? "a template would have more than \(TableLimits.linesOfTemplate) lines"
            : "it would be of more than \(TableLimits.lines) lines"
        return DatasetError(
            .invalidSetting, "\(path) cannot be made, for \(what); merge fewer tables, and none into itself",
            file: file, line: line)
    }

    static func newerTable(
        _ path: String, _ version: UInt32, file: String = #fileID, line: Int = #line
    ) -> DatasetError {
        DatasetError(
            .corruptFile,
            "\(path) has table format \(version), newer than this opnilog reads (\(TemplateTable.version)); "
                + "use the opnilog that wrote it, or a later one",
            file: file, line: line)
    }

    static func noThread(_ code: CInt, file: String = #fileID, line: Int = #line) -> DatasetError {
        DatasetError(
            .invalidSetting, "the system gave no thread for a worker (\(systemText(code))); ask for fewer workers",
            file: file, line: line)
    }

    private static func systemText(_ code: CInt) -> String {
        strerror(code).map { String(cString: $0) } ?? "error \(code)"
    }
}
