// The colours two makers' machines know by number. Values as commonly published for them.
#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "stitch/files/records.h"

namespace lineshaft::stitch {
namespace {

constexpr PaletteThread brother[] = {
    {0x000000, "Unknown"},
    {0x0E1F7C, "Prussian Blue"},
    {0x0A55A3, "Blue"},
    {0x008777, "Teal Green"},
    {0x4B6BAF, "Cornflower Blue"},
    {0xED171F, "Red"},
    {0xD15C00, "Reddish Brown"},
    {0x913697, "Magenta"},
    {0xE49ACB, "Light Lilac"},
    {0x915FAC, "Lilac"},
    {0x9ED67D, "Mint Green"},
    {0xE8A900, "Deep Gold"},
    {0xFEBA35, "Orange"},
    {0xFFFF00, "Yellow"},
    {0x70BC1F, "Lime Green"},
    {0xBA9800, "Brass"},
    {0xA8A8A8, "Silver"},
    {0x7D6F00, "Russet Brown"},
    {0xFFFFB3, "Cream Brown"},
    {0x4F5556, "Pewter"},
    {0x000000, "Black"},
    {0x0B3D91, "Ultramarine"},
    {0x770176, "Royal Purple"},
    {0x293133, "Dark Gray"},
    {0x2A1301, "Dark Brown"},
    {0xF64A8A, "Deep Rose"},
    {0xB27624, "Light Brown"},
    {0xFCBBC5, "Salmon Pink"},
    {0xFE370F, "Vermillion"},
    {0xF0F0F0, "White"},
    {0x6A1C8A, "Violet"},
    {0xA8DDC4, "Seacrest"},
    {0x2584BB, "Sky Blue"},
    {0xFEB343, "Pumpkin"},
    {0xFFF36B, "Cream Yellow"},
    {0xD0A660, "Khaki"},
    {0xD15400, "Clay Brown"},
    {0x66BA49, "Leaf Green"},
    {0x134A46, "Peacock Blue"},
    {0x878787, "Gray"},
    {0xD8CCC6, "Warm Gray"},
    {0x435607, "Dark Olive"},
    {0xFDD9DE, "Flesh Pink"},
    {0xF993BC, "Pink"},
    {0x003822, "Deep Green"},
    {0xB2AFD4, "Lavender"},
    {0x686AB0, "Wisteria Violet"},
    {0xEFE3B9, "Beige"},
    {0xF73866, "Carmine"},
    {0xB54B64, "Amber Red"},
    {0x132B1A, "Olive Green"},
    {0xC70156, "Dark Fuschia"},
    {0xFE9E32, "Tangerine"},
    {0xA8DEEB, "Light Blue"},
    {0x00673E, "Emerald Green"},
    {0x4E2990, "Purple"},
    {0x2F7E20, "Moss Green"},
    {0xFFCCCC, "Flesh Pink"},
    {0xFFD911, "Harvest Gold"},
    {0x095BA6, "Electric Blue"},
    {0xF0F970, "Lemon Yellow"},
    {0xE3F35B, "Fresh Green"},
    {0xFF9900, "Orange"},
    {0xFFF08D, "Cream Yellow"},
    {0xFFC8C8, "Applique"},
};

constexpr PaletteThread janome[] = {
    {0x000000, "Placeholder"},   {0x000000, "Black"},         {0xFFFFFF, "White"},
    {0xFFFF17, "Yellow"},        {0xFF6600, "Orange"},        {0x2F5933, "Olive Green"},
    {0x237336, "Green"},         {0x65C2C8, "Sky"},           {0xAB5A96, "Purple"},
    {0xF669A0, "Pink"},          {0xFF0000, "Red"},           {0xB1704E, "Brown"},
    {0x0B2F84, "Blue"},          {0xE4C35D, "Gold"},          {0x481A05, "Dark Brown"},
    {0xAC9CC7, "Pale Violet"},   {0xFCF294, "Pale Yellow"},   {0xF999B7, "Pale Pink"},
    {0xFAB381, "Peach"},         {0xC9A480, "Beige"},         {0x970533, "Wine Red"},
    {0xA0B8CC, "Pale Sky"},      {0x7FC21C, "Yellow Green"},  {0xE5E5E5, "Silver Gray"},
    {0x889B9B, "Gray"},          {0x98D6BD, "Pale Aqua"},     {0xB2E1E3, "Baby Blue"},
    {0x368BA0, "Powder Blue"},   {0x4F83AB, "Bright Blue"},   {0x386A91, "Slate Blue"},
    {0x071650, "Navy Blue"},     {0xF999A2, "Salmon Pink"},   {0xF9676B, "Coral"},
    {0xE3311F, "Burnt Orange"},  {0xE2A188, "Cinnamon"},      {0xB59474, "Umber"},
    {0xE4CF99, "Blond"},         {0xFFCB00, "Sunflower"},     {0xE1ADD4, "Orchid Pink"},
    {0xC3007E, "Peony Purple"},  {0x80004B, "Burgundy"},      {0x540571, "Royal Purple"},
    {0xB10525, "Cardinal Red"},  {0xCAE0C0, "Opal Green"},    {0x899856, "Moss Green"},
    {0x5C941A, "Meadow Green"},  {0x003114, "Dark Green"},    {0x5DAE94, "Aquamarine"},
    {0x4CBF8F, "Emerald Green"}, {0x007772, "Peacock Green"}, {0x595B61, "Dark Gray"},
    {0xFFFFF2, "Ivory White"},   {0xB15818, "Hazel"},         {0xCB8A07, "Toast"},
    {0x986C80, "Salmon"},        {0x98692D, "Cocoa Brown"},   {0x4D3419, "Sienna"},
    {0x4C330B, "Sepia"},         {0x33200A, "Dark Sepia"},    {0x523A97, "Violet Blue"},
    {0x0D217E, "Blue Ink"},      {0x1E77AC, "Sola Blue"},     {0xB2DD53, "Green Dust"},
    {0xF33689, "Crimson"},       {0xDE649E, "Floral Pink"},   {0x984161, "Wine"},
    {0x4C5612, "Olive Drab"},    {0x4C881F, "Meadow"},        {0xE4DE79, "Mustard"},
    {0xCB8A1A, "Yellow Ocher"},  {0xCBA21C, "Old Gold"},      {0xFF9805, "Honey Dew"},
    {0xFCB257, "Tangerine"},     {0xFFE505, "Canary Yellow"}, {0xF0331F, "Vermilion"},
    {0x1A842D, "Bright Green"},  {0x386CAE, "Ocean Blue"},    {0xE3C4B4, "Beige Gray"},
    {0xE3AC81, "Bamboo"},
};

Colour colour_of(std::uint32_t rgb) {
    return {static_cast<std::uint8_t>(rgb >> 16), static_cast<std::uint8_t>(rgb >> 8),
            static_cast<std::uint8_t>(rgb)};
}

// The "redmean" distance: close to what the eye says, in whole numbers.
int distance(Colour a, Colour b) {
    const int red_mean = (a.red + b.red) / 2;
    const int red = a.red - b.red, green = a.green - b.green, blue = a.blue - b.blue;
    return ((512 + red_mean) * red * red >> 8) + 4 * green * green +
           ((767 - red_mean) * blue * blue >> 8);
}

}  // namespace

std::span<const PaletteThread> brother_palette() {
    return brother;
}
std::span<const PaletteThread> janome_palette() {
    return janome;
}

Thread palette_thread(std::span<const PaletteThread> palette, std::size_t index) {
    const PaletteThread& entry = palette[index % palette.size()];
    return {colour_of(entry.rgb), entry.name};
}

std::vector<std::uint8_t> nearest(std::span<const PaletteThread> palette,
                                  std::span<const Thread> threads) {
    std::vector<std::uint8_t> chosen;
    std::vector<std::pair<Colour, std::uint8_t>> known;
    std::vector<bool> is_taken(palette.size());
    for (const Thread& thread : threads) {
        const auto same =
            std::ranges::find(known, thread.colour, &std::pair<Colour, std::uint8_t>::first);
        if (same != known.end()) {
            chosen.push_back(same->second);
            continue;
        }
        const bool is_full = known.size() + 1 >= palette.size();
        std::size_t best = 1;
        int best_distance = std::numeric_limits<int>::max();
        for (std::size_t i = 1; i < palette.size(); ++i) {
            const int far = distance(colour_of(palette[i].rgb), thread.colour);
            if ((is_full || !is_taken[i]) && far < best_distance) best = i, best_distance = far;
        }
        is_taken[best] = true;
        known.emplace_back(thread.colour, static_cast<std::uint8_t>(best));
        chosen.push_back(static_cast<std::uint8_t>(best));
    }
    return chosen;
}

}  // namespace lineshaft::stitch
