#include "wire/aemp/fleet.h"

#include <fstream>
#include <iterator>

namespace lineshaft::aemp {
namespace {

std::string golden(const std::string& name) {
    std::ifstream in(std::string(LINESHAFT_GOLDEN) + "/" + name, std::ios::binary);
    EXPECT_TRUE(in) << name;
    return {std::istreambuf_iterator<char>(in), {}};
}

Fleet fleet_of(std::string_view text) {
    auto fleet = decode_fleet(as_bytes(text));
    EXPECT_TRUE(fleet) << fleet.error().context;
    return fleet ? *fleet : Fleet{};
}

Instant at(std::string_view text) { return *parse_rfc3339(text); }

/// One machine with these elements in it.
Fleet with(std::string_view elements) {
    return fleet_of("<Fleet><Equipment><EquipmentHeader><OEMName>O</OEMName><SerialNumber>1</SerialNumber></EquipmentHeader>" +
                    std::string(elements) + "</Equipment></Fleet>");
}

TEST(AempFleetTest, BothNamespacesAndBothPlacesOfTheInstantReadTheSame) {
    const Fleet standard = fleet_of(golden("fleet_attr_datetime.xml"));
    const Fleet mixed = fleet_of(golden("fleet_mixed_datetime_jcma_ns.xml"));
    EXPECT_EQ(standard.equipment, mixed.equipment);
    EXPECT_TRUE(standard.notes.empty());
    EXPECT_EQ(standard.snapshot, at("2026-11-20T07:20:00Z"));
    EXPECT_EQ(standard.links.next, "https://example.invalid/aemp/2.0/Fleet/2");
    EXPECT_EQ(standard.links.last, standard.links.next);
    ASSERT_EQ(standard.equipment.size(), 2u);
    const Equipment& one = standard.equipment[0];
    EXPECT_EQ(one.oem, "ExampleOEM");
    EXPECT_EQ(one.model, "EX210");
    EXPECT_EQ(one.serial, "SN000001");
    EXPECT_EQ(one.pin, "PIN000001");
    EXPECT_EQ(one.installed, at("2024-03-01T08:00:00Z"));
    const Instant when = at("2026-11-20T07:15:00Z");
    EXPECT_EQ(one.location, (Location{when, 28.2282, 112.9388, 31.5}));
    EXPECT_EQ(one[Element::operating_hours], (Reading{when, 4523.7}));
    EXPECT_EQ(one[Element::idle_hours], (Reading{when, 1210.2}));
    EXPECT_EQ(one[Element::engine_running], (Reading{when, 1}));
    EXPECT_EQ(one[Element::fuel_used], (Reading{when, 51230}));
    EXPECT_EQ(one[Element::fuel_remaining], (Reading{when, 62.4}));
    EXPECT_EQ(one[Element::fuel_tank_capacity], (Reading{when, 400}));
    EXPECT_EQ(standard.equipment[1][Element::engine_running]->value, 0);
    EXPECT_FALSE(one[Element::load_count]);
}

TEST(AempFleetTest, WhatWeWriteReadsTheSame) {
    Fleet fleet = fleet_of(golden("fleet_attr_datetime.xml"));
    fleet.equipment[0].faults = {{at("2026-11-20T01:02:03.5Z"), "SPN110FMI3", "hot <&> \"oil\"", "high", "engine", 110, 3}};
    fleet.equipment[1].model = "";
    for (const Format format : {Format::xml, Format::json}) {
        const std::string text = encode_fleet(fleet, format);
        const Fleet again = fleet_of(text);
        EXPECT_EQ(again.equipment, fleet.equipment) << text;
        EXPECT_EQ(again.links, fleet.links);
        EXPECT_EQ(again.snapshot, fleet.snapshot);
        EXPECT_TRUE(again.notes.empty());
        EXPECT_EQ(encode_fleet(again, format), text);
    }
    EXPECT_NE(encode_fleet(fleet, Format::xml).find("xmlns=\"http://standards.iso.org/iso/15143/-3\""), std::string::npos);
}

TEST(AempFleetTest, SingleMachinesAndJsonShapes) {
    const std::string_view shapes[] = {
        R"(<Equipment xmlns:a="x"><a:EquipmentHeader><OEMName>O</OEMName><SerialNumber>7</SerialNumber></a:EquipmentHeader></Equipment>)",
        R"({"Equipment":{"EquipmentHeader":{"OEMName":"O","SerialNumber":7}}})",
        R"({"Fleet":{"Equipment":[{"EquipmentHeader":{"oemName":"O","serialNumber":"7"}}]}})",
        R"({"equipment":[{"equipmentHeader":{"OEMName":"O","SerialNumber":"7"}}],"links":[]})",
        R"([{"EquipmentHeader":{"OEMName":"O","SerialNumber":"7"}}])",
        "\xef\xbb\xbf  {\"EquipmentHeader\":{\"OEMName\":\"O\",\"SerialNumber\":\"7\"}}",
    };
    for (const std::string_view shape : shapes) {
        const Fleet fleet = fleet_of(shape);
        ASSERT_EQ(fleet.equipment.size(), 1u) << shape;
        EXPECT_EQ(fleet.equipment[0].oem, "O") << shape;
        EXPECT_EQ(fleet.equipment[0].serial, "7") << shape;
    }
    EXPECT_TRUE(fleet_of("<Fleet/>").equipment.empty());
}

struct Trap {
    std::string_view elements;
    Element element;
    std::optional<double> value;
    std::string_view note;  ///< empty: none
};

TEST(AempFleetTest, TrapsOfTheField) {
    using enum Element;
    const Trap traps[] = {
        {"<CumulativeOperatingHours><Hour>4523,7</Hour></CumulativeOperatingHours>", operating_hours, 4523.7, "comma"},
        {"<CumulativeOperatingHours><Minutes>90</Minutes></CumulativeOperatingHours>", operating_hours, 1.5, ""},
        {"<CumulativeOperatingHours><Hour>PT4523H30M</Hour></CumulativeOperatingHours>", operating_hours, 4523.5, ""},
        {"<CumulativeOperatingHours><Hour>P1DT6H</Hour></CumulativeOperatingHours>", operating_hours, 30, ""},
        {"<CumulativeOperatingHours><Hour>P1Y</Hour></CumulativeOperatingHours>", operating_hours, {}, "no number"},
        {"<CumulativeOperatingHours><Hour/></CumulativeOperatingHours>", operating_hours, {}, ""},
        {"<CumulativeOperatingHours><Hour>N/A</Hour></CumulativeOperatingHours>", operating_hours, {}, ""},
        {"<CumulativeOperatingHours/>", operating_hours, {}, ""},
        {"<CumulativeOperatingHours><Hour>twelve</Hour></CumulativeOperatingHours>", operating_hours, {}, "no number"},
        {"<CumulativeOperatingHours><Hour>-1</Hour></CumulativeOperatingHours>", operating_hours, {}, "beyond"},
        {"<CumulativeOperatingHours><Hour>1e300</Hour></CumulativeOperatingHours>", operating_hours, {}, "beyond"},
        {"<CumulativeOperatingHours><Hour>inf</Hour></CumulativeOperatingHours>", operating_hours, {}, "no number"},
        {"<FuelUsed><FuelUnits>gallon</FuelUnits><FuelConsumed>10</FuelConsumed></FuelUsed>", fuel_used, 37.85411784, ""},
        {"<FuelUsed><FuelUnits>firkin</FuelUnits><FuelConsumed>10</FuelConsumed></FuelUsed>", fuel_used, {}, "unit"},
        {"<FuelUsed><FuelConsumed>10</FuelConsumed></FuelUsed>", fuel_used, 10, ""},
        {"<Distance><OdometerUnits>mile</OdometerUnits><Odometer>100</Odometer></Distance>", distance, 160.9344, ""},
        {"<FuelRemaining><Percent>104</Percent></FuelRemaining>", fuel_remaining, {}, "beyond"},
        {"<CumulativePayloadTotals><PayloadUnits>tonne</PayloadUnits><Payload>2</Payload></CumulativePayloadTotals>", payload, 2000, ""},
        {"<EngineStatus><EngineNumber/><Running>TRUE</Running></EngineStatus>", engine_running, 1, ""},
        {"<EngineStatus><Running>perhaps</Running></EngineStatus>", engine_running, {}, "neither"},
        {"<CumulativeIdleHours><Hour>9</Hour></CumulativeIdleHours><CumulativeOperatingHours><Hour>5</Hour></CumulativeOperatingHours>",
         operating_hours, 5, "more than CumulativeOperatingHours"},
        {"<CumulativeLoadCount datetime='2026-01-02T00:00:00Z'><Count>5</Count></CumulativeLoadCount>"
         "<CumulativeLoadCount datetime='2026-01-01T00:00:00Z'><Count>4</Count></CumulativeLoadCount>", load_count, 5, ""},
    };
    for (const Trap& trap : traps) {
        const Fleet fleet = with(trap.elements);
        ASSERT_EQ(fleet.equipment.size(), 1u);
        const auto& reading = fleet.equipment[0][trap.element];
        ASSERT_EQ(reading.has_value(), trap.value.has_value()) << trap.elements;
        EXPECT_NEAR(reading ? reading->value : 0, trap.value.value_or(0), 1e-9) << trap.elements;
        EXPECT_EQ(fleet.notes.empty(), trap.note.empty()) << trap.elements;
        if (!trap.note.empty()) {
            ASSERT_FALSE(fleet.notes.empty()) << trap.elements;
            EXPECT_NE(fleet.notes[0].what.find(trap.note), std::string::npos) << fleet.notes[0].what;
        }
    }
}

TEST(AempFleetTest, InstantsOfTheField) {
    const std::pair<std::string_view, std::optional<std::string_view>> cases[] = {
        {R"(datetime="2026-11-20T07:15:00Z")", "2026-11-20T07:15:00Z"},
        {R"(dateTime="2026-11-20T15:15:00+08:00")", "2026-11-20T07:15:00Z"},
        {R"(datetime="2026-11-20T07:15:00")", "2026-11-20T07:15:00Z"},
        {R"(datetime="2026-11-20 07:15:00")", "2026-11-20T07:15:00Z"},
        {R"(datetime="0001-01-01T00:00:00Z")", std::nullopt},
        {R"(datetime="")", std::nullopt},
        {R"(datetime="yesterday")", std::nullopt},
    };
    for (const auto& [attribute, instant] : cases) {
        const Fleet fleet = with("<CumulativeLoadCount " + std::string(attribute) + "><Count>5</Count></CumulativeLoadCount>");
        const auto& reading = fleet.equipment[0][Element::load_count];
        ASSERT_TRUE(reading) << attribute;
        EXPECT_EQ(reading->at, instant ? std::optional(at(*instant)) : std::nullopt) << attribute;
    }
}

TEST(AempFleetTest, PlacesOfTheField) {
    const auto place = [](std::string_view inside) { return with("<Location>" + std::string(inside) + "</Location>"); };
    EXPECT_FALSE(place("<Latitude>0</Latitude><Longitude>0.0</Longitude>").equipment[0].location);
    EXPECT_FALSE(place("<Latitude>91</Latitude><Longitude>1</Longitude>").equipment[0].location);
    EXPECT_FALSE(place("<Latitude>51</Latitude>").equipment[0].location);
    EXPECT_EQ(place("<Latitude>0</Latitude><Longitude>0</Longitude>").notes.size(), 1u);
    const auto high = place("<Latitude>-33,5</Latitude><Longitude>+151.25</Longitude><Altitude>100</Altitude>"
                            "<AltitudeUnits>feet</AltitudeUnits>").equipment[0].location;
    ASSERT_TRUE(high);
    EXPECT_DOUBLE_EQ(high->latitude, -33.5);
    EXPECT_DOUBLE_EQ(high->longitude, 151.25);
    EXPECT_NEAR(*high->altitude_metres, 30.48, 1e-9);
}

TEST(AempFleetTest, FaultCodes) {
    const std::pair<std::string_view, std::pair<std::uint32_t, std::uint32_t>> cases[] = {
        {"110-3", {110, 3}}, {"SPN110FMI3", {110, 3}}, {"SPN 524287 FMI 31", {524287, 31}}, {"110.3", {110, 3}}};
    for (const auto& [code, parts] : cases) {
        const Fleet fleet = with("<FaultCode><CodeIdentifier>" + std::string(code) + "</CodeIdentifier></FaultCode>");
        ASSERT_EQ(fleet.equipment[0].faults.size(), 1u);
        EXPECT_EQ(fleet.equipment[0].faults[0].spn, parts.first) << code;
        EXPECT_EQ(fleet.equipment[0].faults[0].fmi, parts.second) << code;
    }
    for (const std::string_view code : {"E110-3", "110", "524288-3", "110-32", "1-2-3"})
        EXPECT_FALSE(with("<FaultCode><CodeIdentifier>" + std::string(code) + "</CodeIdentifier></FaultCode>")
                         .equipment[0].faults[0].spn) << code;
    EXPECT_EQ(with("<FaultCode><SPN>91</SPN><FMI>2</FMI></FaultCode>").equipment[0].faults[0].spn, 91u);
}

TEST(AempSeriesTest, ReadsAndWritesTimeSeries) {
    const auto series = decode_series(as_bytes(golden("timeseries_load_count.xml")));
    ASSERT_TRUE(series) << series.error().context;
    EXPECT_EQ(series->element, Element::load_count);
    ASSERT_EQ(series->readings.size(), 2u);
    EXPECT_EQ(series->readings[1], (Reading{at("2026-11-18T18:00:00Z"), 13050}));
    EXPECT_FALSE(series->links.self.empty());
    Series places{.locations = {{at("2026-01-01T00:00:00Z"), 1.5, 2.5, {}}}};
    Series faults{.faults = {{at("2026-01-01T00:00:00Z"), "110-3", "", "", "", 110, 3}}};
    Series none{.element = Element::fuel_used};
    for (const Format format : {Format::xml, Format::json}) {
        for (const Series& one : {*series, places, faults}) {
            const auto again = decode_series(as_bytes(encode_series(one, format)));
            ASSERT_TRUE(again) << again.error().context;
            EXPECT_EQ(again->element, one.element);
            EXPECT_EQ(again->readings, one.readings);
            EXPECT_EQ(again->locations, one.locations);
            EXPECT_EQ(again->faults, one.faults);
            EXPECT_EQ(again->links, one.links);
        }
    }
    EXPECT_TRUE(decode_series(as_bytes(encode_series(none, Format::xml))));
}

TEST(AempFleetTest, RefusesWhatIsNone) {
    const std::pair<std::string_view, Code> cases[] = {
        {"", Code::invalid}, {"  \n", Code::invalid}, {"hello", Code::invalid}, {"<a><b></a>", Code::invalid},
        {"{\"a\":", Code::invalid}, {"<html><body/></html>", Code::invalid}, {"{\"error\":\"denied\"}", Code::invalid},
        {"{}", Code::invalid}};
    for (const auto& [text, code] : cases) {
        const auto fleet = decode_fleet(as_bytes(text));
        ASSERT_FALSE(fleet) << text;
        EXPECT_EQ(fleet.error().code, code) << text;
        EXPECT_FALSE(decode_series(as_bytes(text))) << text;
    }
}

TEST(AempFleetTest, HoldsItsLimits) {
    const std::string two = golden("fleet_attr_datetime.xml");
    const auto code = [&](std::string_view text, const Limits& limits) {
        const auto fleet = decode_fleet(as_bytes(text), limits);
        return fleet ? std::optional<Code>{} : fleet.error().code;
    };
    EXPECT_EQ(code(two, {.document_bytes_max = two.size()}), std::nullopt);
    EXPECT_EQ(code(two, {.document_bytes_max = two.size() - 1}), Code::exhausted);
    EXPECT_EQ(code(two, {.equipment_max = 2}), std::nullopt);
    EXPECT_EQ(code(two, {.equipment_max = 1}), Code::exhausted);
    EXPECT_EQ(code(two, {.depth_max = 4}), std::nullopt);
    EXPECT_EQ(code(two, {.depth_max = 3}), Code::exhausted);
    EXPECT_EQ(code(two, {.nodes_max = 20}), Code::exhausted);
    const std::string series = golden("timeseries_load_count.xml");
    EXPECT_TRUE(decode_series(as_bytes(series), {.readings_max = 2}));
    EXPECT_EQ(decode_series(as_bytes(series), {.readings_max = 1}).error().code, Code::exhausted);
    std::string deep;
    for (int i = 0; i < 100'000; ++i) deep += "<a>";
    EXPECT_FALSE(decode_fleet(as_bytes(deep)));
    for (int i = 0; i < 100'000; ++i) deep += "</a>";
    EXPECT_EQ(code(deep, {}), Code::exhausted);
    EXPECT_FALSE(decode_fleet(as_bytes(std::string(100'000, '['))));
    EXPECT_EQ(code(std::string(1'000, '[') + std::string(1'000, ']'), {}), Code::exhausted);
    const Fleet noisy = *decode_fleet(as_bytes(encode_fleet({.equipment = std::vector<Equipment>(300)}, Format::xml)));
    EXPECT_EQ(noisy.notes.size(), Limits{}.notes_max);
}

TEST(AempMergeTest, MachinesAreOneByMakerAndSerialNumber) {
    const auto identity = [](Equipment equipment) { return identity_of(equipment); };
    EXPECT_EQ(identity({.oem = "Example OEM", .serial = "sn-0001"}), identity({.oem = "EXAMPLEOEM", .serial = "SN0001"}));
    EXPECT_NE(identity({.oem = "A", .serial = "1"}), identity({.oem = "B", .serial = "1"}));
    EXPECT_EQ(identity({.oem = "A", .pin = "P1"}), identity({.oem = "B", .pin = "p 1"}));
    EXPECT_EQ(identity({}), "");

    Equipment older{.oem = "O", .model = "M", .serial = "1"}, newer{.oem = "O", .serial = "1"};
    const Instant one = at("2026-01-01T00:00:00Z"), two = at("2026-01-02T00:00:00Z");
    older[Element::operating_hours] = Reading{one, 100};
    newer[Element::operating_hours] = Reading{two, 90};
    older[Element::fuel_remaining] = Reading{two, 50};
    newer[Element::fuel_remaining] = Reading{one, 60};
    older[Element::load_count] = Reading{one, 3};
    older.location = Location{two, 1, 1, {}};
    newer.location = Location{one, 2, 2, {}};
    std::vector<std::string> notes;
    const Equipment merged = merge(older, newer, notes);
    EXPECT_EQ(merged.model, "M");
    EXPECT_EQ(merged[Element::operating_hours]->value, 90);
    EXPECT_EQ(merged[Element::fuel_remaining]->value, 50);
    EXPECT_EQ(merged[Element::load_count]->value, 3);
    EXPECT_EQ(merged.location->latitude, 1);
    ASSERT_EQ(notes.size(), 1u);
    EXPECT_NE(notes[0].find("goes back"), std::string::npos);
}

TEST(AempFleetTest, FormatsAskedFor) {
    EXPECT_EQ(format_for(""), Format::xml);
    EXPECT_EQ(format_for("*/*"), Format::xml);
    EXPECT_EQ(format_for("application/json"), Format::json);
    EXPECT_EQ(format_for("application/xml, application/json"), Format::xml);
    EXPECT_EQ(element_of("cumulativeidlehours"), Element::idle_hours);
    EXPECT_EQ(element_of("FuelTankCapacity"), Element::fuel_tank_capacity);
    EXPECT_EQ(element_of("Equipment"), std::nullopt);
}

}  // namespace
}  // namespace lineshaft::aemp
