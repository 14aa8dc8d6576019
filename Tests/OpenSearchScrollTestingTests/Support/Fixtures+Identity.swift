@testable import OpenSearchScrollTesting

extension Fixtures {
    /// A self-signed certificate for localhost and 127.0.0.1, valid until 2126. Made for these tests: the key protects
    /// nothing.
    static let identity = OpenSearchServer.Configuration.Identity(
        certificate: """
            -----BEGIN CERTIFICATE-----
            MIIBmjCCAUGgAwIBAgIUNema/2VTVhvoYX/c55dkQk5/1hAwCgYIKoZIzj0EAwIw
            FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNDE0MDcxOFoYDzIxMjYxMDMx
            MTQwNzE4WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
            PQMBBwNCAAT4viEVpFy3u7wK+qbS1gwx/95dopwDl5NjvWK4pub8XK+K57uu14IB
            6cSL/ozoO39L705uPe7s1lNgJ9b3L73Eo28wbTAdBgNVHQ4EFgQUY5RNtZih7ILl
            DodpRu6BTv13tO4wHwYDVR0jBBgwFoAUY5RNtZih7ILlDodpRu6BTv13tO4wDwYD
            VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
            zj0EAwIDRwAwRAIgDuab7a96742Wqtls/ofBlhYYfcN4GcnRb2pABLG84NECIGvf
            CNEMvFgE2jCv+E+gvTGIJn9oZ+u5l4hqs4orO5hl
            -----END CERTIFICATE-----

            """,
        key: """
            -----BEGIN PRIVATE KEY-----
            MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQga1qiHNeA7cIEO2HO
            PzTzowJ3cAlTVIrUux9cvZddYEChRANCAAT4viEVpFy3u7wK+qbS1gwx/95dopwD
            l5NjvWK4pub8XK+K57uu14IB6cSL/ozoO39L705uPe7s1lNgJ9b3L73E
            -----END PRIVATE KEY-----

            """)
}
