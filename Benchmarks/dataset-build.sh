# Sourced: builds Benchmarks/dataset; `built` is where it lies.

built=.build/bench-dataset
log=$(swift build -c release --disable-build-manifest-caching --package-path Benchmarks/dataset --scratch-path "$built" -Xswiftc -enable-testing 2>&1) || { echo "$log" >&2; exit 1; }
