@preconcurrency import Glibc
import OpenSearchScrollTesting
import Testing

/// Certificates of an authority of our own, made by the `openssl` program in a folder that goes with it.
struct Certificates {
    let folder: String

    init() async throws {
        var template = Array("/tmp/opnilog-tls-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Missing(description: "no temporary folder") }
        folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        let script = """
            set -e; exec 2>/dev/null; cd "$1"; touch index.txt; echo 1000 > serial
            printf '%s\\n' '[ca]' default_ca=d '[d]' dir=. database=index.txt serial=serial new_certs_dir=. \
              default_md=sha256 policy=p unique_subject=no '[p]' commonName=supplied \
              '[here]' subjectAltName=DNS:localhost '[elsewhere]' subjectAltName=DNS:elsewhere.invalid > ca.cnf
            openssl req -x509 -newkey rsa:2048 -nodes -days 10 -keyout ca.key -out ca.pem -subj /CN=Test
            make() {
              openssl req -newkey rsa:2048 -nodes -keyout $1.key -out $1.csr -subj /CN=x
              openssl ca -batch -notext -config ca.cnf -cert ca.pem -keyfile ca.key -extensions $2 \
                -startdate $3 -enddate $4 -in $1.csr -out $1.pem
            }
            make good here 20200101000000Z 20490101000000Z
            openssl rsa -aes256 -passout pass:hush-phrase -in good.key -out sealed.key
            openssl req -x509 -newkey rsa:2048 -nodes -days 10 -keyout stranger.key -out stranger.pem -subj /CN=Other
            make expired here 20200101000000Z 20210101000000Z
            make other elsewhere 20200101000000Z 20490101000000Z
            """
        _ = try await Shell.run(["sh", "-c", script + "\n", "sh", folder])
    }

    /// For `.enabled(if:)`.
    static var canBeMade: Bool { access("/usr/bin/openssl", X_OK) == 0 || Prerequisites.requireAll }
    static let reason: Comment = "the program openssl is not installed"

    func path(_ name: String) -> String { "\(folder)/\(name)" }
    var ca: String { "\(folder)/ca.pem" }

    func identity(_ name: String) throws -> OpenSearchServer.Configuration.Identity {
        .init(
            certificate: String(decoding: try readFile("\(folder)/\(name).pem"), as: UTF8.self),
            key: String(decoding: try readFile("\(folder)/\(name).key"), as: UTF8.self))
    }

    func server(_ name: String) throws -> OpenSearchServer {
        var settings = OpenSearchServer.Configuration(indices: ["logs": StoredContents(sources: [#"{"log":"x"}"#])])
        settings.identity = try identity(name)
        return try OpenSearchServer(configuration: settings)
    }

    func remove() async throws { _ = try await Shell.run(["rm", "-r", folder]) }
}
