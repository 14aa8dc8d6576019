/// What stands for a match in the text while other rules run, and what is written for it in the end.
///
/// A match of any rule but the deletion of escapes is not cut out: its bytes become `Mask.filler`, which like the `<`
/// of the mask's name no later rule takes (only `[^\s]+` does), and the first of them the mask's raw value. So no byte
/// of a text ever moves.
enum Mask: UInt8 {
    // Control characters without any class.
    case url = 0x0E
    case utcDate, klogDate, customDate, goFilePath, emailAddress, ip, duration, path, tokenWithDigit, num, emptySet
    case emptyList

    static var filler: UInt8 { UInt8(ascii: "<") }
    /// Bytes of the longest name, and room to copy names by 32 bytes.
    static var nameCapacity: Int { 32 }

    /// The mask as the lowered text has it.
    var name: StaticString {
        switch self {
        case .url: "<url>"
        case .utcDate: "<utc_date>"
        case .klogDate: "<klog_date>"
        case .customDate: "<custom_date>"
        case .goFilePath: "<go_file_path>"
        case .emailAddress: "<email_address>"
        case .ip: "<ip>"
        case .duration: "<duration>"
        case .path: "<path>"
        case .tokenWithDigit: "<token_with_digit>"
        case .num: "<num>"
        case .emptySet: "<empty_set>"
        case .emptyList: "<empty_list>"
        }
    }

    static let all: [Mask] = (url.rawValue...emptyList.rawValue).compactMap(Mask.init)

    /// Length and name by raw value, `nameCapacity` bytes each, the length in the last of them.
    // Written once here, never freed and only read afterwards, so any thread may look.
    nonisolated(unsafe) static let names: UnsafePointer<UInt8> = {
        let size = (Int(emptyList.rawValue) + 1) * nameCapacity
        let names = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
        names.initialize(repeating: 0, count: size)
        for mask in all {
            let entry = names + Int(mask.rawValue) * nameCapacity
            entry.update(from: mask.name.utf8Start, count: mask.name.utf8CodeUnitCount)
            entry[nameCapacity - 1] = UInt8(mask.name.utf8CodeUnitCount)
        }
        return UnsafePointer(names)
    }()
}
