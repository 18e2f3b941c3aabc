// netioapi.h: rows of the newer tables, which notifications have, too.
#pragma once

#include "win/types.h"

namespace hmodule::winapi {

struct MIB_IPINTERFACE_ROW {
  USHORT Family;
  std::uint64_t InterfaceLuid;
  ULONG InterfaceIndex, MaxReassemblySize;
  std::uint64_t InterfaceIdentifier;
  ULONG MinRouterAdvertisementInterval, MaxRouterAdvertisementInterval;
  BYTE AdvertisingEnabled, ForwardingEnabled, WeakHostSend, WeakHostReceive, UseAutomaticMetric,
      UseNeighborUnreachabilityDetection, ManagedAddressConfigurationSupported, OtherStatefulConfigurationSupported,
      AdvertiseDefaultRoute;
  INT RouterDiscoveryBehavior;
  ULONG DadTransmits, BaseReachableTime, RetransmitTime, PathMtuDiscoveryTimeout;
  INT LinkLocalAddressBehavior;
  ULONG LinkLocalAddressTimeout, ZoneIndices[16], SitePrefixLength, Metric, NlMtu;
  BYTE Connected, SupportsWakeUpPatterns, SupportsNeighborDiscovery, SupportsRouterDiscovery;
  ULONG ReachableTime;
  BYTE TransmitOffload, ReceiveOffload, DisableDefaultRoutes;
};
static_assert(sizeof(MIB_IPINTERFACE_ROW) == 168);

struct MIB_UNICASTIPADDRESS_ROW {
  BYTE Address[28];  // SOCKADDR_INET
  std::uint64_t InterfaceLuid;
  ULONG InterfaceIndex;
  INT PrefixOrigin, SuffixOrigin;
  ULONG ValidLifetime, PreferredLifetime;
  BYTE OnLinkPrefixLength, SkipAsSource;
  INT DadState;
  ULONG ScopeId;
  LARGE_INTEGER CreationTimeStamp;
};
static_assert(sizeof(MIB_UNICASTIPADDRESS_ROW) == 80);

struct IP_ADDRESS_PREFIX {
  alignas(4) BYTE Prefix[28];  // SOCKADDR_INET
  BYTE PrefixLength;
};
struct MIB_IPFORWARD_ROW2 {
  std::uint64_t InterfaceLuid;
  ULONG InterfaceIndex;
  IP_ADDRESS_PREFIX DestinationPrefix;
  alignas(4) BYTE NextHop[28];
  BYTE SitePrefixLength;
  ULONG ValidLifetime, PreferredLifetime, Metric, Protocol;
  BYTE Loopback, AutoconfigureAddress, Publish, Immortal;
  ULONG Age, Origin;
};
static_assert(sizeof(MIB_IPFORWARD_ROW2) == 104);

}  // namespace hmodule::winapi
