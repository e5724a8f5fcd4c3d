// protobuf is the judge: what we write it reads the same, what it writes we read the same.
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <random>

#include "sparkplug_b.pb.h"
#include "wire/sparkplug/payload.h"

namespace lineshaft::sparkplug {
namespace {

namespace pb = org::eclipse::tahu::protobuf;

// Random messages, the same for the same seed, with every field sometimes present.
class Dice {
public:
    explicit Dice(std::uint64_t seed) : engine_(seed) {}

    bool one_in(std::uint64_t count) { return engine_() % count == 0; }
    std::uint64_t below(std::uint64_t count) { return engine_() % count; }
    std::uint64_t number() { return engine_() >> (engine_() % 64); }
    std::string text() {
        static constexpr std::string_view words[] = {
            "a", "Speed", "温度", "Node Control/Rebirth", "é", "a longer name of some metric"};
        return std::string(words[below(std::size(words))]) + std::to_string(below(100));
    }
    std::string bytes() {
        std::string out(below(20), '\0');
        for (char& byte : out) byte = static_cast<char>(engine_());
        return out;
    }
    double real() { return static_cast<double>(engine_()) / 7.0 - 1e18; }

private:
    std::mt19937_64 engine_;
};

template <class Holder>
void roll_scalar(Dice& dice, Holder& out) {
    switch (dice.below(6)) {
        case 0: out.set_int_value(static_cast<std::uint32_t>(dice.number())); break;
        case 1: out.set_long_value(dice.number()); break;
        case 2: out.set_float_value(static_cast<float>(dice.real())); break;
        case 3: out.set_double_value(dice.real()); break;
        case 4: out.set_boolean_value(dice.one_in(2)); break;
        default: out.set_string_value(dice.text());
    }
}

void roll_property_set(Dice& dice, int depth, pb::Payload::PropertySet& out) {
    const auto count = dice.below(4);
    for (std::uint64_t index = 0; index < count; ++index) {
        out.add_keys(dice.text());
        auto& value = *out.add_values();
        value.set_type(static_cast<std::uint32_t>(1 + dice.below(34)));
        if (dice.one_in(5)) {
            value.set_is_null(true);
        } else if (depth > 0 && dice.one_in(4)) {
            roll_property_set(dice, depth - 1, *value.mutable_propertyset_value());
        } else if (depth > 0 && dice.one_in(4)) {
            auto& list = *value.mutable_propertysets_value();
            const auto sets = dice.below(3);
            for (std::uint64_t set = 0; set < sets; ++set) {
                roll_property_set(dice, depth - 1, *list.add_propertyset());
            }
        } else {
            roll_scalar(dice, value);
        }
    }
}

void roll_metric(Dice& dice, pb::Payload::Metric& out) {
    if (!dice.one_in(3)) out.set_name(dice.text());
    if (dice.one_in(2)) out.set_alias(dice.number());
    if (dice.one_in(2)) out.set_timestamp(dice.number());
    if (dice.one_in(2)) out.set_datatype(static_cast<std::uint32_t>(1 + dice.below(40)));
    if (dice.one_in(4)) out.set_is_historical(true);
    if (dice.one_in(4)) out.set_is_transient(true);
    if (dice.one_in(4)) out.set_is_null(true);
    if (dice.one_in(5)) {
        auto& metadata = *out.mutable_metadata();
        if (dice.one_in(2)) metadata.set_is_multi_part(true);
        if (dice.one_in(2)) metadata.set_content_type(dice.text());
        if (dice.one_in(2)) metadata.set_size(dice.number());
        if (dice.one_in(2)) metadata.set_seq(dice.number());
        if (dice.one_in(2)) metadata.set_file_name(dice.text());
        if (dice.one_in(2)) metadata.set_file_type(dice.text());
        if (dice.one_in(2)) metadata.set_md5(dice.text());
        if (dice.one_in(2)) metadata.set_description(dice.text());
    }
    if (dice.one_in(3)) roll_property_set(dice, 3, *out.mutable_properties());
    switch (dice.below(5)) {
        case 0: out.set_bytes_value(dice.bytes()); break;
        case 1: {
            auto& set = *out.mutable_dataset_value();
            set.set_num_of_columns(1);
            set.add_columns(dice.text());
            set.add_types(3);
            roll_scalar(dice, *set.add_rows()->add_elements());
            break;
        }
        case 2: {
            auto& instance = *out.mutable_template_value();
            instance.set_template_ref(dice.text());
            instance.set_is_definition(dice.one_in(2));
            roll_scalar(dice, *instance.add_metrics());
            instance.add_parameters()->set_name(dice.text());
            break;
        }
        default: roll_scalar(dice, out);
    }
}

pb::Payload roll(Dice& dice) {
    pb::Payload out;
    if (!dice.one_in(4)) out.set_timestamp(dice.number());
    const auto count = dice.below(8);
    for (std::uint64_t index = 0; index < count; ++index) roll_metric(dice, *out.add_metrics());
    if (!dice.one_in(4)) out.set_seq(dice.below(256));
    if (dice.one_in(4)) out.set_uuid(dice.text());
    if (dice.one_in(4)) out.set_body(dice.bytes());
    return out;
}

// The same message by way of our structures, setter by setter.
template <class Holder>
struct SetScalar {
    Holder& out;
    void operator()(std::monostate) const {}
    void operator()(std::uint32_t value) const { out.set_int_value(value); }
    void operator()(std::uint64_t value) const { out.set_long_value(value); }
    void operator()(float value) const { out.set_float_value(value); }
    void operator()(double value) const { out.set_double_value(value); }
    void operator()(bool value) const { out.set_boolean_value(value); }
    void operator()(std::string_view value) const { out.set_string_value(std::string(value)); }
};

struct SetMetricValue : SetScalar<pb::Payload::Metric> {
    using SetScalar::operator();
    void operator()(BytesView view) const { out.set_bytes_value(std::string(view.bytes)); }
    void operator()(DataSetView view) const {
        EXPECT_TRUE(out.mutable_dataset_value()->ParseFromString(std::string(view.bytes)));
    }
    void operator()(TemplateView view) const {
        EXPECT_TRUE(out.mutable_template_value()->ParseFromString(std::string(view.bytes)));
    }
};

void to_protobuf(const Payload& payload, Range set, pb::Payload::PropertySet& out);

struct SetPropertyValue : SetScalar<pb::Payload::PropertyValue> {
    using SetScalar::operator();
    const Payload& payload;
    void operator()(PropertySetView view) const {
        to_protobuf(payload, view.properties, *out.mutable_propertyset_value());
    }
    void operator()(PropertySetListView view) const {
        auto& list = *out.mutable_propertysets_value();
        for (std::uint32_t index = 0; index < view.sets.count; ++index) {
            to_protobuf(payload, payload.property_sets[view.sets.first + index],
                        *list.add_propertyset());
        }
    }
};

void to_protobuf(const Payload& payload, Range set, pb::Payload::PropertySet& out) {
    for (const Property& property : payload.properties_of(set)) {
        out.add_keys(std::string(property.key));
        auto& value = *out.add_values();
        if (property.type != DataType::unknown) {
            value.set_type(static_cast<std::uint32_t>(property.type));
        }
        if (property.is_null) value.set_is_null(true);
        std::visit(SetPropertyValue{{value}, payload}, property.value);
    }
}

void set_if(std::string_view text, std::string* field) {
    if (!text.empty()) *field = text;
}

void to_protobuf(const MetaData& metadata, pb::Payload::MetaData& out) {
    if (metadata.is_multi_part) out.set_is_multi_part(true);
    if (metadata.size_bytes) out.set_size(*metadata.size_bytes);
    if (metadata.sequence) out.set_seq(*metadata.sequence);
    if (!metadata.content_type.empty()) set_if(metadata.content_type, out.mutable_content_type());
    if (!metadata.file_name.empty()) set_if(metadata.file_name, out.mutable_file_name());
    if (!metadata.file_type.empty()) set_if(metadata.file_type, out.mutable_file_type());
    if (!metadata.md5.empty()) set_if(metadata.md5, out.mutable_md5());
    if (!metadata.description.empty()) set_if(metadata.description, out.mutable_description());
}

pb::Payload to_protobuf(const Payload& payload) {
    pb::Payload out;
    if (payload.timestamp) out.set_timestamp(*payload.timestamp);
    for (const Metric& metric : payload.metrics) {
        auto& to = *out.add_metrics();
        if (!metric.name.empty()) to.set_name(std::string(metric.name));
        if (metric.alias) to.set_alias(*metric.alias);
        if (metric.timestamp) to.set_timestamp(*metric.timestamp);
        if (metric.datatype != 0) to.set_datatype(metric.datatype);
        if (metric.is_historical) to.set_is_historical(true);
        if (metric.is_transient) to.set_is_transient(true);
        if (metric.is_null) to.set_is_null(true);
        if (metric.metadata)
            to_protobuf(payload.metadata[*metric.metadata], *to.mutable_metadata());
        if (metric.properties) to_protobuf(payload, *metric.properties, *to.mutable_properties());
        std::visit(SetMetricValue{{to}}, metric.value);
    }
    if (payload.seq) out.set_seq(*payload.seq);
    if (!payload.uuid.empty()) out.set_uuid(std::string(payload.uuid));
    if (payload.body) out.set_body(std::string(*payload.body));
    return out;
}

constexpr std::uint64_t rounds = 3000;

TEST(Oracle, WhatProtobufWritesWeReadAndWriteTheSame) {
    for (std::uint64_t seed = 0; seed < rounds; ++seed) {
        Dice dice(seed);
        const pb::Payload theirs = roll(dice);
        const std::string encoded = theirs.SerializeAsString();
        Payload ours;
        const auto decoded = decode(as_bytes(encoded), ours);
        ASSERT_TRUE(decoded) << "seed " << seed << ": " << decoded.error().context;
        const pb::Payload back = to_protobuf(ours);
        ASSERT_TRUE(google::protobuf::util::MessageDifferencer::Equals(back, theirs))
            << "seed " << seed << "\n"
            << theirs.DebugString() << "\n"
            << back.DebugString();
        // Fields in the order of their numbers: the very same bytes.
        ASSERT_EQ(to_hex(as_bytes(encode(ours))), to_hex(as_bytes(encoded))) << "seed " << seed;
    }
}

TEST(Oracle, WhatWeAcceptProtobufReadsTheSame) {
    const google::protobuf::LogSilencer quiet;  // About texts inside data sets, opaque to us.
    std::uint64_t accepted = 0;
    for (std::uint64_t seed = 0; seed < rounds * 10; ++seed) {
        Dice dice(seed);
        std::string encoded = roll(dice).SerializeAsString();
        const auto harm = 1 + dice.below(3);
        for (std::uint64_t count = 0; count < harm && !encoded.empty(); ++count) {
            encoded[dice.below(encoded.size())] = static_cast<char>(dice.number());
        }
        Payload ours;
        if (!decode(as_bytes(encoded), ours)) continue;
        pb::Payload theirs;
        if (!theirs.ParseFromString(encoded)) continue;  // A data set broken inside: opaque to us.
        ++accepted;
        pb::Payload back;
        ASSERT_TRUE(back.ParseFromString(encode(ours))) << "seed " << seed;
        // Numbers, order and values agree; unknown fields and explicit defaults are not kept.
        ASSERT_EQ(back.metrics_size(), theirs.metrics_size()) << "seed " << seed;
        EXPECT_EQ(back.timestamp(), theirs.timestamp()) << "seed " << seed;
        EXPECT_EQ(back.seq(), theirs.seq()) << "seed " << seed;
        for (int index = 0; index < back.metrics_size(); ++index) {
            const auto& one = back.metrics(index);
            const auto& other = theirs.metrics(index);
            ASSERT_EQ(one.name(), other.name()) << "seed " << seed;
            ASSERT_EQ(one.alias(), other.alias()) << "seed " << seed;
            ASSERT_EQ(one.timestamp(), other.timestamp()) << "seed " << seed;
            ASSERT_EQ(one.datatype(), other.datatype()) << "seed " << seed;
            ASSERT_EQ(one.is_historical(), other.is_historical()) << "seed " << seed;
            ASSERT_EQ(one.value_case(), other.value_case()) << "seed " << seed;
            ASSERT_EQ(one.int_value(), other.int_value()) << "seed " << seed;
            ASSERT_EQ(one.long_value(), other.long_value()) << "seed " << seed;
            ASSERT_EQ(one.string_value(), other.string_value()) << "seed " << seed;
            ASSERT_EQ(one.properties().keys_size(), other.properties().keys_size());
        }
    }
    EXPECT_GT(accepted, rounds);
}

}  // namespace
}  // namespace lineshaft::sparkplug
