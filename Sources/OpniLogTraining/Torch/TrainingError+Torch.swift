import CTorch

extension TrainingError {
    /// The error for a status of the C contract: the one place where statuses become codes and remedies.
    ///
    /// - Parameters:
    ///   - status: Any but `OPNILOG_TORCH_OK`.
    ///   - text: What the bridge or its loader said.
    static func torch(
        _ status: opnilog_torch_status,
        _ text: String,
        file: String = #fileID,
        line: Int = #line
    ) -> TrainingError {
        let (code, remedy) = meaning(of: Int(status))
        return TrainingError(code, "\(text); \(remedy)", file: file, line: line)
    }

    private static func meaning(of status: Int) -> (code: Code, remedy: String) {
        switch status {
        case OPNILOG_TORCH_NO_FILE:
            (.noBridge, "run `make libtorch`, or give the path of libopnilog_torch.so in OPNILOG_TORCH.")
        case OPNILOG_TORCH_NOT_A_BRIDGE:
            (.unfitBridge, "give the path of the libopnilog_torch.so that `make libtorch` built.")
        case OPNILOG_TORCH_OTHER_ABI:
            (.unfitBridge, "run `make libtorch` of the same release as this program.")
        case OPNILOG_TORCH_NO_LIBTORCH:
            (.noLibtorch, "run `make libtorch`, or `make bridge` against the libtorch that is there.")
        case OPNILOG_TORCH_NO_DEVICE:
            (.noDevice, "choose the device cpu, or another; `opnilog-train doctor` lists them.")
        case OPNILOG_TORCH_NO_DRIVER:
            (
                .noDevice,
                "install the driver (`nvidia-smi` must list the GPU; a container has to be given it), or choose the device cpu."
            )
        case OPNILOG_TORCH_NO_CUDA:
            (.noDevice, "run `make libtorch CUDA=1`, or choose the device cpu.")
        case OPNILOG_TORCH_NO_MEMORY:
            (.outOfMemory, "free memory there, or choose another device.")
        case OPNILOG_TORCH_BAD_FILE:
            (.badModel, "give the folder of a model that was written whole.")
        case OPNILOG_TORCH_IO:
            (.unwritable, "look at the disk and the rights of the folder.")
        case OPNILOG_TORCH_NOT_FINITE:
            (.notFinite, "try another seed or more steps.")
        default:
            (.failed, "this is a fault of ours or of libtorch, please report it.")
        }
    }
}
