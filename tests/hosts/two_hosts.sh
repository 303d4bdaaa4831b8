#!/usr/bin/env bash
# Runs a command beside two network namespaces, near and far, 10.77.0.1 and 10.77.0.2, whose link carries 1 Gbit/s each way.
# Must run in namespaces of its own (unshare --net --mount). Arguments: the command. Status 77: the kernel lacks
# what it takes.
set -euo pipefail
mkdir -p /run/netns
mount -t tmpfs none /run/netns
ip link set lo up
number=0
for host in near far; do ip netns add "$host"; done
ip link add port0 netns near type veth peer name port1 netns far
for host in near far; do
  ip -n "$host" addr add "10.77.0.$((number + 1))/24" dev "port$number"
  ip -n "$host" link set "port$number" up
  ip -n "$host" link set lo up
  ip netns exec "$host" tc qdisc add dev "port$number" root tbf rate 1gbit burst 128kb latency 50ms 2>/dev/null ||
    { echo "skipped: this kernel shapes no links (tc tbf)"; exit 77; }
  number=$((number + 1))
done
"$@"
