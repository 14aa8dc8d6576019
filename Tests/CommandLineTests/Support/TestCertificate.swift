import Glibc
import Testing

/// A certificate for `localhost` that is its own authority, made anew for each test by the `openssl` program.
enum TestCertificate {
    static var isPossible: Bool { access("/usr/bin/openssl", X_OK) == 0 }

    static func make(in folder: TestFolder) throws -> (certificate: String, key: String) {
        let command =
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost "
            + "-addext subjectAltName=DNS:localhost -keyout \(folder.path("key.pem")) "
            + "-out \(folder.path("cert.pem")) 2>/dev/null"
        try #require(system(command) == 0, "openssl could not make a certificate")
        return (folder.text("cert.pem"), folder.text("key.pem"))
    }
}
