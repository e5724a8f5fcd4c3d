// Inside identity: how the prefix book lies in the store.
#pragma once
#include "identity/prefix_book.h"

namespace lineshaft::identity {

std::string application_key(std::uint64_t id);
std::string prefix_key(std::string_view prefix);
std::string ticket_key(std::string_view ticket);
KeyRange all_applications();
KeyRange all_prefixes();

std::string encode_application(const Application& application);
Result<Application> decode_application(std::string_view record);
std::string encode_prefix(const PrefixEntry& entry);
Result<PrefixEntry> decode_prefix(std::string_view record);

}  // namespace lineshaft::identity
