#include "target/servers.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "support/nearest_name.h"
#include "target/device_json.h"
#include "target/target_json.h"

namespace allot::target_json {
namespace {

// Of larger machines a share is planned; more than this nobody has in one room.
constexpr int64_t kMostEqual = 4096;
constexpr char kNetwork[] = "network";

// What joins the members of a level. Its bandwidth is that of each member's port.
struct Network {
  int64_t bandwidth = 0;
  Picos latency = 0;  // from member to member
};

// One or more equal servers. Within it names are local.
struct ServerClass {
  explicit ServerClass(const JsonReader& at) : reader(at) {}

  JsonReader reader;
  std::vector<std::string> names;  // of the servers
  bool names_are_hosts = false;    // given as such, so no rack's name goes before them
  std::vector<Device> devices;
  std::vector<std::string> switches;
  std::vector<Link> links;
  std::string uplink;  // what reaches the network; empty: not known
};

struct RackClass {
  explicit RackClass(const JsonReader& at) : reader(at) {}

  JsonReader reader;
  std::vector<std::string> names;
  std::vector<ServerClass> servers;
  std::optional<Network> network;
};

// "a", or "a0", "a1", ... where there is a count; empty if it is wrong.
std::vector<std::string> ReadNumbered(JsonReader& reader, const std::string& name) {
  if (!reader.Has("count")) return {name};
  int64_t count = 0;
  if (!reader.Read("count", count)) return {};
  if (count < 1 || count > kMostEqual) {
    reader.Error("count", absl::StrCat("must lie between 1 and ", kMostEqual));
    return {};
  }
  std::vector<std::string> names;
  for (int64_t i = 0; i < count; ++i) names.push_back(absl::StrCat(name, i));
  return names;
}

class ServerReader {
 public:
  ServerReader(Diagnostics& diagnostics, Endpoints& endpoints, Target& target)
      : diagnostics_(diagnostics), endpoints_(endpoints), target_(target) {}

  void Read(JsonReader& reader) {
    const int errors_before = diagnostics_.num_errors();
    const std::optional<Network> network = ReadNetwork(reader);
    std::vector<ServerClass> servers = ReadServerList(reader);
    std::vector<RackClass> racks;
    std::vector<JsonReader> rack_list = reader.Objects("racks");
    if (TooMany(reader, "racks", rack_list.size(), kMaxDevices)) rack_list.clear();
    for (JsonReader& rack : rack_list) racks.push_back(ReadRack(rack));
    // What is wrong in one of them would be said again of each that it stands for.
    if (diagnostics_.num_errors() > errors_before) return;
    TakeShare(reader, servers, racks);
    if (!Fits(reader, servers, racks)) return;

    size_t members = 0;
    for (const ServerClass& each : servers) members += each.names.size();
    for (const RackClass& each : racks) members += each.names.size();
    if (network.has_value() && members == 0) {
      return reader.Error(kNetwork, "joins servers or racks, and there are none");
    }
    if (!network.has_value() && members > 1 && !reader.Has(kNetwork) && !reader.Has("topology")) {
      return reader.Error(absl::string_view(),
                          absl::StrCat("'network' is missing: what joins the ", members,
                                       racks.empty()     ? " servers"
                                       : servers.empty() ? " racks"
                                                         : " servers and racks",
                                       "; write it like {\"bandwidth\": \"25Gb/s\"}"));
    }
    if (network.has_value()) AddSwitch(reader, kNetwork, kNetwork);
    const std::string joined = network.has_value() ? kNetwork : "";
    for (const ServerClass& each : servers) AddServers(each, "", joined, network);
    for (const RackClass& each : racks) AddRacks(each, network);
  }

 private:
  static std::optional<Network> ReadNetwork(JsonReader& reader) {
    if (!reader.Has(kNetwork)) return std::nullopt;
    JsonReader object = reader.Object(kNetwork);
    Network network;
    const Json* bandwidth = object.Find("bandwidth");
    if (bandwidth == nullptr) {
      object.Error(absl::string_view(), "'bandwidth' is missing");
    } else {
      CheckQuantity(object, "bandwidth", *bandwidth, Unit::kNetworkBytesPerSecond, kMaxRate,
                    network.bandwidth);
    }
    ReadMicros(object, "latency_us", network.latency);
    ReadNote(object);
    object.Finish();
    return network;
  }

  std::vector<ServerClass> ReadServerList(JsonReader& reader) {
    std::vector<ServerClass> servers;
    std::vector<JsonReader> each = reader.Objects("servers");
    if (TooMany(reader, "servers", each.size(), kMaxDevices)) each.clear();
    for (JsonReader& server : each) servers.push_back(ReadServer(server));
    return servers;
  }

  static void ReadServerNames(JsonReader& reader, ServerClass& server) {
    if (reader.Has("hosts")) {
      server.names_are_hosts = true;
      if (reader.Has("name") || reader.Has("count")) {
        reader.Error("hosts", "stands in place of 'name' and 'count'");
        reader.Find("name");
        reader.Find("count");
      }
      if (reader.Read("hosts", server.names) && server.names.empty()) {
        reader.Error("hosts", "names no server");
      }
      return;
    }
    std::string name;
    if (!reader.Require("name", name) || !CheckName(reader, "name", name)) {
      reader.Find("count");
      return;
    }
    server.names = ReadNumbered(reader, name);
  }

  // The names of what stands for several are those of all of them.
  using Members = std::map<std::string, std::vector<std::string>>;

  ServerClass ReadServer(JsonReader& reader) {
    ServerClass server(reader);
    const int errors_before = diagnostics_.num_errors();
    ReadServerNames(reader, server);
    Members members;
    Endpoints local;
    std::vector<JsonReader> devices = reader.Objects("devices");
    if (!reader.Has("devices") || (devices.empty() && reader.Find("devices")->If<Json::Array>())) {
      reader.Error("devices", "a server needs at least one device");
    }
    for (JsonReader& device : devices) ReadDevices(device, local, members, server);
    reader.Read("switches", server.switches);
    if (TooMany(reader, "switches", server.switches.size(), kMaxSwitches)) server.switches.clear();
    for (const std::string& name : server.switches) {
      if (local.Declare(reader, "switches", name)) members[name] = {name};
    }
    const std::vector<JsonReader> links = reader.Objects("links");
    reader.Find("uplink");
    if (diagnostics_.num_errors() == errors_before) {  // else names may be missing
      for (JsonReader link : links) ReadLinks(link, members, server);
      ReadUplink(reader, members, server);
    }
    ReadNote(reader);
    reader.Finish();
    server.reader = reader;
    return server;
  }

  void ReadDevices(JsonReader& reader, Endpoints& local, Members& members, ServerClass& server) {
    Device device = ReadDevice(reader, diagnostics_);
    if (reader.Find("host") != nullptr) {
      reader.Error("host", "is that of the server; leave it out");
    }
    const std::string name = device.name;
    std::vector<std::string> names = ReadNumbered(reader, name);
    if (!HasText(reader, "name")) names.clear();
    if (names.size() > 1 && !device.runtime.cores.empty()) {
      reader.Error("runtime.cores",
                   absl::StrCat("are the same for ", names.size(),
                                " devices; describe each by itself, without 'count'"));
    }
    if (server.devices.size() + names.size() > kMaxDevices) {
      reader.Error("count",
                   absl::StrCat("with it the server has more than ", kMaxDevices, " devices"));
      return reader.Finish();
    }
    const int64_t first = device.runtime.ordinal;
    for (size_t i = 0; i < names.size(); ++i) {
      if (!local.Declare(reader, "name", names[i])) break;
      members[names[i]] = {names[i]};
      device.name = names[i];
      device.runtime.ordinal = first + static_cast<int64_t>(i);
      server.devices.push_back(device);
    }
    if (reader.Has("count") && !names.empty() && local.Declare(reader, "name", name))
      members[name] = names;
    reader.Finish();
  }

  static std::vector<std::string> ReadEnd(JsonReader& reader, absl::string_view key,
                                          const Members& members, std::string& name) {
    if (!reader.Require(key, name)) return {};
    const auto found = members.find(name);
    if (found != members.end()) return found->second;
    std::vector<std::string> known;
    for (const auto& [each, ignored] : members) known.push_back(each);
    reader.Error(key, absl::StrCat("'", name, "' is neither a device nor a switch of this server",
                                   DidYouMean(name, known)));
    return {};
  }

  static void ReadLinks(JsonReader& reader, const Members& members, ServerClass& server) {
    Link link;
    std::string from_name, to_name;
    const std::vector<std::string> from = ReadEnd(reader, "from", members, from_name);
    const std::vector<std::string> to = ReadEnd(reader, "to", members, to_name);
    ReadLinkFields(reader, link);
    ReadNote(reader);
    reader.Finish();
    const auto alike = [&](const Link& other) {
      return other.channel != link.channel || other.half_duplex == link.half_duplex;
    };
    if (!link.channel.empty() && !std::all_of(server.links.begin(), server.links.end(), alike)) {
      reader.Error("duplex", absl::StrCat("the links of channel '", link.channel,
                                          "' must all be full or all be half duplex"));
    }
    if (from.size() == 1 && from == to) {
      return reader.Error("to", absl::StrCat("the link joins '", from_name, "' to itself"));
    }
    const bool among_equals = from_name == to_name;  // each pair once
    for (size_t i = 0; i < from.size(); ++i) {
      for (size_t j = among_equals ? i + 1 : 0; j < to.size(); ++j) {
        if (server.links.size() >= kMaxLinks) {
          return reader.Error(absl::string_view(), absl::StrCat("with it the server has more than ",
                                                                kMaxLinks, " links"));
        }
        link.from = from[i];
        link.to = to[j];
        server.links.push_back(link);
      }
    }
  }

  static void ReadUplink(JsonReader& reader, const Members& members, ServerClass& server) {
    if (!reader.Has("uplink")) {
      if (server.switches.size() == 1) {
        server.uplink = server.switches[0];
      } else if (server.switches.empty() && server.devices.size() == 1) {
        server.uplink = server.devices[0].name;
      }
      return;
    }
    std::string name;
    const std::vector<std::string> found = ReadEnd(reader, "uplink", members, name);
    server.uplink = found.empty() ? name : found[0];
    if (found.size() < 2) return;
    reader.Error("uplink", absl::StrCat("'", name, "' stands for ", found.size(),
                                        " devices; name one of them, or a switch"));
  }

  RackClass ReadRack(JsonReader& reader) {
    RackClass rack(reader);
    std::string name;
    if (reader.Require("name", name) && CheckName(reader, "name", name)) {
      rack.names = ReadNumbered(reader, name);
    } else {
      reader.Find("count");
    }
    rack.servers = ReadServerList(reader);
    if (rack.servers.empty()) reader.Error("servers", "a rack needs at least one server");
    rack.network = ReadNetwork(reader);
    if (!rack.network.has_value()) {
      reader.Error(absl::string_view(), "'network' is missing: what joins the rack's servers");
    }
    ReadNote(reader);
    reader.Finish();
    rack.reader = reader;
    return rack;
  }

  static size_t CountDevices(const std::vector<ServerClass>& servers) {
    size_t devices = 0;
    for (const ServerClass& server : servers)
      devices += server.names.size() * server.devices.size();
    return devices;
  }

  // Of a machine with too many devices the largest of equal shares that has few enough: of each
  // class the same fraction.
  void TakeShare(const JsonReader& reader, std::vector<ServerClass>& servers,
                 std::vector<RackClass>& racks) {
    size_t devices = CountDevices(servers), common = 0;
    for (const ServerClass& server : servers) common = std::gcd(common, server.names.size());
    for (const RackClass& rack : racks) {
      devices += rack.names.size() * CountDevices(rack.servers);
      common = std::gcd(common, rack.names.size());
    }
    if (devices <= kMaxDevices || !target_.devices.empty()) return;
    size_t shares = 1;
    while (shares <= common && (common % shares != 0 || devices / shares > kMaxDevices)) ++shares;
    if (shares > common) return;
    for (ServerClass& server : servers) server.names.resize(server.names.size() / shares);
    for (RackClass& rack : racks) rack.names.resize(rack.names.size() / shares);
    diagnostics_.Note(
        reader.path(),
        absl::StrCat("the machine has ", devices, " devices; planned is one of ", shares,
                     " equal shares with ", devices / shares,
                     " of them. The others can do the same: a stream over all of them takes one ",
                     shares, "th of the period"));
  }

  // Before anything is added, so that a large count costs nothing.
  bool Fits(JsonReader& reader, const std::vector<ServerClass>& servers,
            const std::vector<RackClass>& racks) const {
    size_t devices = target_.devices.size(), switches = 1, links = 0;
    const auto add = [&](const ServerClass& server, size_t times) {
      devices += times * server.names.size() * server.devices.size();
      switches += times * server.names.size() * server.switches.size();
      links += times * server.names.size() * (server.links.size() + 1);
    };
    for (const ServerClass& server : servers) add(server, 1);
    for (const RackClass& rack : racks) {
      switches += rack.names.size();
      links += rack.names.size();
      for (const ServerClass& server : rack.servers) add(server, rack.names.size());
    }
    const absl::string_view key = racks.empty() ? "servers" : "racks";
    const auto within = [&](size_t count, size_t most, absl::string_view what) {
      if (count <= most) return true;
      reader.Error(
          key, absl::StrCat("with them the target has ", count, " ", what, ", more than ", most));
      return false;
    };
    return within(devices, kMaxDevices, "devices") && within(switches, kMaxSwitches, "switches") &&
           within(links, kMaxLinks, "links");
  }

  bool AddSwitch(JsonReader& reader, absl::string_view key, const std::string& name) {
    if (!endpoints_.Declare(reader, key, name)) return false;
    target_.switches.push_back(name);
    return true;
  }

  // A member's port.
  void Join(const std::string& member, const std::string& network_switch, const Network& network) {
    Link link;
    link.from = member;
    link.to = network_switch;
    link.bandwidth = network.bandwidth;
    link.latency = network.latency / 2;  // the other half is the other member's
    target_.links.push_back(std::move(link));
  }

  // Of equal servers the first that is wrong is reported.
  void AddServers(const ServerClass& server, const std::string& rack, const std::string& joined,
                  const std::optional<Network>& network) {
    JsonReader reader = server.reader;
    if (network.has_value() && server.uplink.empty()) {
      std::vector<std::string> names;
      for (const Device& device : server.devices) names.push_back(device.name);
      names.insert(names.end(), server.switches.begin(), server.switches.end());
      if (names.empty()) return;
      return reader.Error(absl::string_view(),
                          absl::StrCat("'uplink' is missing: which of ", absl::StrJoin(names, ", "),
                                       " reaches the network"));
    }
    const absl::string_view key = server.names_are_hosts ? "hosts" : "name";
    for (const std::string& name : server.names) {
      const std::string host =
          rack.empty() || server.names_are_hosts ? name : absl::StrCat(rack, ".", name);
      if (!CheckName(reader, key, host) || !AddServer(reader, key, server, host)) return;
      if (network.has_value()) Join(absl::StrCat(host, ".", server.uplink), joined, *network);
    }
  }

  bool AddServer(JsonReader& reader, absl::string_view key, const ServerClass& server,
                 const std::string& host) {
    for (Device device : server.devices) {
      device.name = absl::StrCat(host, ".", device.name);
      device.host = host;
      if (!endpoints_.Declare(reader, key, device.name)) return false;
      target_.devices.Add(std::move(device));
    }
    for (const std::string& name : server.switches) {
      if (!AddSwitch(reader, key, absl::StrCat(host, ".", name))) return false;
    }
    for (Link link : server.links) {
      link.from = absl::StrCat(host, ".", link.from);
      link.to = absl::StrCat(host, ".", link.to);
      if (!link.channel.empty()) link.channel = absl::StrCat(host, ".", link.channel);
      target_.links.push_back(std::move(link));
    }
    return true;
  }

  void AddRacks(const RackClass& rack, const std::optional<Network>& above) {
    JsonReader reader = rack.reader;
    for (const std::string& name : rack.names) {
      if (!rack.network.has_value()) return;
      const int errors_before = diagnostics_.num_errors();
      const std::string joined = absl::StrCat(name, ".", kNetwork);
      if (!AddSwitch(reader, "name", joined)) return;
      for (const ServerClass& server : rack.servers) {
        AddServers(server, name, joined, rack.network);
      }
      if (diagnostics_.num_errors() > errors_before) return;
      if (above.has_value()) Join(joined, kNetwork, *above);
    }
  }

  Diagnostics& diagnostics_;
  Endpoints& endpoints_;
  Target& target_;
};

}  // namespace

bool ReadServers(JsonReader& reader, Diagnostics& diagnostics, Endpoints& endpoints,
                 Target& target) {
  const int errors_before = diagnostics.num_errors();
  ServerReader(diagnostics, endpoints, target).Read(reader);
  return diagnostics.num_errors() == errors_before;
}

}  // namespace allot::target_json
