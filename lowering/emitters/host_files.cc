#include "lowering/emitters/host_files.h"

#include <map>
#include <set>
#include <utility>

#include "lowering/emitters/external_data.h"
#include "support/status.h"

namespace allot {
namespace {

// The pieces of the bundle and of its lanes, by host.
void AddPieces(const Target& target, const Bundle& bundle,
               std::map<std::string, std::vector<const Piece*>>& pieces) {
  for (const Piece& piece : bundle.pieces) {
    pieces[target.devices[piece.device].host].push_back(&piece);
  }
  for (const Bundle& lane : bundle.lanes) AddPieces(target, lane, pieces);
}

}  // namespace

absl::StatusOr<std::vector<HostFiles>> FilesByHost(const EmitInput& input) {
  std::vector<HostFiles> hosts;
  std::map<std::string, size_t> index;
  for (const Device& device : input.target.devices) {
    if (device.host.empty()) continue;
    const auto [found, is_new] = index.emplace(device.host, hosts.size());
    if (is_new) hosts.push_back({device.host, {}, {}, {}});
    hosts[found->second].devices.push_back(device.name);
  }
  if (hosts.empty()) return hosts;

  std::map<std::string, std::vector<const Piece*>> pieces;
  AddPieces(input.target, input.bundle, pieces);
  // Data that the run leaves where it lies is needed all the same.
  EmitInput copying = input;
  copying.output_is_model_folder = false;
  for (HostFiles& host : hosts) {
    std::set<std::string> files;
    std::vector<const ir::Graph*> graphs;
    for (const Piece* piece : pieces[host.name]) {
      host.parts.push_back(piece->id);
      files.insert(piece->file);
      if (HasOwnData(input, piece->graph)) files.insert(OwnDataName(piece->file));
      graphs.push_back(&piece->graph);
    }
    if (!graphs.empty()) {
      ALLOT_ASSIGN_OR_RETURN(const std::vector<OutputFile> data,
                             CopiedExternalData(copying, graphs));
      for (const OutputFile& file : data) files.insert(file.name);
    }
    host.files.assign(files.begin(), files.end());
  }
  return hosts;
}

}  // namespace allot
