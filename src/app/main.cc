#include "app/command_line.h"

int main(int count, char** words) {
    return lineshaft::app::run(count, words);
}
