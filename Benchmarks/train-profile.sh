#!/usr/bin/env bash
# Where the time of a training goes: samples of the processor by perf, by library and by function.
#
# usage: Benchmarks/train-profile.sh DATA [STEPS]   (DATA: the folder with kubernetes/ and loghub/; 300 steps by default)
# Writes Benchmarks/results/train-profile.txt. perf must be there (apt-get install linux-perf), and allowed.
set -euo pipefail
cd "$(dirname "$0")/.."

data=${1:-../shared/data}
steps=${2:-300}
program=.build/release/opnilog-train
out=Benchmarks/results/train-profile.txt
command -v perf > /dev/null || { echo "train-profile: perf is not there (apt-get install linux-perf)" >&2; exit 69; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cpu=$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1)
{
    echo "# Where the time of a training goes"
    echo
    echo "By \`make bench-profile\`: perf's samples of the processor, 499 a second of each core, over a whole \`train --table\` of"
    echo "$steps steps of one epoch by --recipe ours, its start and its closing pass included. $cpu, $(nproc) cores,"
    echo "load $(cut -d' ' -f1 /proc/loadavg) before. Functions of a share of 1 % or more. Names of libtorch's products of matrices are MKL's."
} > "$work/result"
for set in kubernetes/cluster-a.ndjson.gz loghub/Hadoop_2k.log.gz; do
    name=$(basename "$set" | cut -d. -f1)
    "$program" collect --input "$data/$set" --output "$work/$name" --progress none 2> "$work/log"
    perf record -q -e cpu-clock -F 499 -o "$work/$name.perf" "$program" train --table "$work/$name/templates.table" \
        --output "$work/$name.model" --epochs 1 --steps "$steps" --progress none 2> "$work/log" || { cat "$work/log" >&2; exit 1; }
    report() { perf report -i "$work/$name.perf" --stdio --no-children -g none --percent-limit 1 "$@" 2> "$work/perf.log" |
        sed -e '/^#/d' -e '/^ *$/d' -e 's/^ */    /' | cut -c1-132 | sed 's/ *$//'; }
    {
        echo
        echo "## $name"
        echo
        sed -n 's/^opnilog-train: \(.* steps in [^;]*\);.*/\1/p' "$work/log"
        echo
        report --sort dso
        echo
        report --sort dso,symbol
    } >> "$work/result"
done
cp "$work/result" "$out"
echo "wrote $out"
