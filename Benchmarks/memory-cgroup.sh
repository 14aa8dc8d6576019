# Sourced by the memory benchmarks: runs a command in a memory cgroup and says how its memory went. Needs `group`, the
# name of the cgroup, and descriptor 3 for what it prints.

if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    folder=/sys/fs/cgroup/$group limit_file=memory.max peak_file=memory.peak
else
    folder=/sys/fs/cgroup/memory/$group limit_file=memory.limit_in_bytes peak_file=memory.max_usage_in_bytes
fi

# within BYTES COMMAND…: runs a command in a fresh group with that limit and prints the group's peak
# to descriptor 3.
within() {
    local bytes=$1
    shift
    mkdir "$folder"
    echo "$bytes" > "$folder/$limit_file"
    bash -c 'echo $$ > "$0/cgroup.procs" && exec "$@"' "$folder" "$@"
    echo "  cgroup: peak $(($(cat "$folder/$peak_file") >> 20)) MiB of $((bytes >> 20)) MiB" >&3
    rmdir "$folder"
}

# How resident memory went: its peak, and its slope over the second half of the longest stage, by least squares.
describe() {
    awk -F, 'NR > 1 { n++; t[n] = $1; stage[n] = $2; r[n] = $3 / 1048576; if (r[n] > peak) peak = r[n]; count[$2]++ }
        END {
            for (name in count) if (count[name] > count[longest]) longest = name
            for (i = 1; i <= n; i++) {
                if (stage[i] != longest || ++seen <= count[longest] / 2) continue
                m++; x += t[i]; y += r[i]; xx += t[i] * t[i]; xy += t[i] * r[i]
            }
            d = m * xx - x * x
            slope = d ? (m * xy - x * y) / d : 0
            printf "  resident: peak %.1f MiB, %d samples over %.0f s; second half of %s: %+.4f MiB/s\n",
                peak, n, t[n], longest, slope
        }' "$1"
}

# Seconds of each stage, from the same file.
stages() {
    awk -F, 'NR > 1 { name = $2 == "" ? "other" : $2
            if (NR > 2) { seconds[last] += $1 - then } else { order[++n] = name }
            if (NR > 2 && name != last && !(name in seen)) { order[++n] = name }
            seen[name] = 1; last = name; then = $1 }
        END { for (i = 1; i <= n; i++) if (order[i] != "end") printf "  %s: %.0f s\n", order[i], seconds[order[i]] }' "$1"
}
