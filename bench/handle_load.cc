// Questions: how many resolutions, signed answers and registrations does a node answer with one second
// of its processor, and how late are they? The same for a DNS server, beside it.
//
// handle_load KIND PORT PID NAME COUNT SECONDS [option=value...] asks about NAME/0 .. NAME/COUNT-1 and
// reads what the process PID spent from /proc. Kinds: udp, tcp (pipelined on four connections), dns and
// dns-tcp (TXT of N.NAME), register (creates, in the session of session=ID key=HEX counter=N), proofs
// (creates, each with a challenge; der=FILE or secret=TEXT for the key index:handle named by by=).
// Options: window=512 (questions without an answer, over all sockets), rate=0 (a second; 0: as fast as
// they are answered), signed=0, order=random or once, from=0.
//
// With a rate, questions are asked when they are due, answered or not, and a delay ends when the kernel
// has the answer (SO_TIMESTAMPNS), not when this program comes round to reading it: what it is late itself
// is told beside it (own_stall_ms), and what it was too late to ask is not asked in one heap afterwards.
// It sleeps between questions, so that it does not take a processor from the server that it measures.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <sstream>
#include <vector>

#include "trust/proof.h"
#include "trust/rsa.h"
#include "trust/secrets.h"
#include "wire/handle/bodies.h"

namespace {

using namespace lineshaft;
using Clock = std::chrono::steady_clock;

double cpu_seconds(const std::string& pid) {
    std::ifstream stat("/proc/" + pid + "/stat");
    std::string line, word;
    std::getline(stat, line);
    std::istringstream words(line.substr(line.rfind(')') + 2));
    double ticks = 0;
    for (int number = 3; words >> word; ++number) {
        if (number == 14 || number == 15) ticks += std::atof(word.c_str());
    }
    return ticks / double(::sysconf(_SC_CLK_TCK));
}

struct Wish {
    std::string kind, pid, name;
    int port = 0;
    std::uint32_t count = 1;
    double seconds = 1;
    std::map<std::string, std::string> options;

    std::string text(const std::string& option, const std::string& otherwise = "") const {
        const auto found = options.find(option);
        return found == options.end() ? otherwise : found->second;
    }
    double number(const std::string& option, double otherwise) const {
        return std::atof(text(option, std::to_string(otherwise)).c_str());
    }
    bool is_tcp() const { return kind == "tcp" || kind == "dns-tcp" || is_change(); }
    bool is_dns() const { return kind.starts_with("dns"); }
    bool is_change() const { return kind == "register" || kind == "proofs"; }
};

std::string name_at(const Wish& wish, std::uint32_t number) {
    return wish.name + "/" + std::to_string(number);
}

std::string dns_question(const Wish& wish, std::uint32_t number, std::uint32_t request) {
    std::string out;
    Writer to(out);
    to.put_be(static_cast<std::uint16_t>(request));
    for (const unsigned field : {0u, 1u, 0u, 0u, 0u}) to.put_be(static_cast<std::uint16_t>(field));
    std::string rest = std::to_string(number) + "." + wish.name;
    for (std::size_t at = 0; at <= rest.size();) {
        const auto dot = std::min(rest.find('.', at), rest.size());
        out += static_cast<char>(dot - at);
        out += rest.substr(at, dot - at);
        at = dot + 1;
    }
    out += '\0';
    to.put_be(std::uint16_t{16});
    to.put_be(std::uint16_t{1});
    if (wish.kind == "dns") return out;
    std::string framed;
    Writer(framed).put_be(static_cast<std::uint16_t>(out.size()));
    return framed + out;
}

std::string creation(const std::string& name, std::uint32_t request, std::uint32_t session) {
    handle::Envelope envelope;
    envelope.request = request;
    envelope.session = session;
    handle::Header header;
    header.op = handle::Op::create_handle;
    handle::HandleValues body{name, {}};
    handle::Value url;
    url.index = 1;
    url.type = "URL";
    url.data = "https://example.com/" + name;
    handle::Value text = url;
    text.index = 2;
    text.type = "DESC";
    text.data = "made by the benchmark";
    body.values = {url, text};
    return handle::encode_message(envelope, header, handle::encode(body));
}

/// What is asked, and what comes back.
class Talk {
public:
    explicit Talk(const Wish& wish)
        : wish_(wish),
          session_(static_cast<std::uint32_t>(wish.number("session", 0))),
          counter_(static_cast<std::uint32_t>(wish.number("counter", 0))),
          key_(from_hex(wish.text("key")).value_or("")),
          number_(static_cast<std::uint32_t>(wish.number("from", 0))) {
        const std::string by = wish.text("by");
        if (by.empty()) return;
        by_.index = static_cast<std::uint32_t>(std::atoi(by.c_str()));
        by_.handle = by.substr(by.find(':') + 1);
        if (wish.text("der").empty()) return;
        std::ifstream file(wish.text("der"), std::ios::binary);
        std::ostringstream bytes;
        bytes << file.rdbuf();
        auto key = trust::RsaKey::from_der(bytes.str());
        if (key) rsa_ = std::make_unique<trust::RsaKey>(*key);
    }

    std::string next(std::uint32_t request) {
        const bool once = wish_.is_change() || wish_.text("order") == "once";
        const std::uint32_t number =
            once ? number_++ : static_cast<std::uint32_t>(random_() % wish_.count);
        if (wish_.is_dns()) return dns_question(wish_, number, request);
        const std::string name = name_at(wish_, number);
        if (wish_.kind == "proofs") return creation(name, request, 0);
        if (wish_.kind == "register") return in_session(creation(name, request, session_));
        handle::Envelope envelope;
        envelope.request = request;
        handle::Header header;
        header.flags = handle::flag::public_only;
        if (wish_.number("signed", 0) > 0) header.flags |= handle::flag::certify;
        return handle::encode_message(envelope, header,
                                      handle::encode(handle::Resolution{name, {}, {}}));
    }
    /// Whether an answer was what was asked for. `reply`: what is to be sent before there is one.
    bool take(std::string_view answer, std::string& reply) {
        if (wish_.is_dns()) return answer.size() > 7 && (answer[3] & 15) == 0 && answer[7] > 0;
        const auto packet = handle::decode_message(as_bytes(answer), {});
        if (!packet) return answer.size() > 27 && answer[27] == 1;  // the first of several datagrams
        if (packet->header.answer == handle::Answer::authentication_needed) reply = prove(*packet);
        return packet->header.answer == handle::Answer::success;
    }

private:
    std::string in_session(const std::string& plain) {
        const auto packet = handle::decode_message(as_bytes(plain), {});
        handle::Credential credential;
        credential.type = "HS_MAC";
        credential.algorithm = "HMAC-SHA256";
        credential.session_counter = ++counter_;
        credential.signature = trust::hmac_of(trust::Hash::sha256, key_,
                                              *handle::signed_bytes(*packet, counter_));
        return handle::encode_message(packet->envelope, packet->header, as_text(packet->body),
                                      handle::encode(credential));
    }
    std::string prove(const handle::Packet& packet) const {
        const auto challenge = handle::decode_challenge(packet.body, {});
        if (!challenge) return {};
        const std::string covered = challenge->nonce + challenge->digest.bytes;
        handle::ChallengeAnswer body{"HS_PUBKEY", by_, {}};
        if (rsa_) {
            body.proof = handle::encode(
                handle::PublicKeyProof{"SHA-256", rsa_->sign(trust::Hash::sha256, covered)});
        } else {
            handle::SecretKeyProof proof;
            proof.salt = trust::random_bytes(16);
            proof.iterations = 10'000;
            proof.key_bits = 160;
            const auto key = trust::pbkdf2_sha1(wish_.text("secret"), proof.salt, 10'000, 20);
            proof.mac = trust::hmac_of(trust::Hash::sha1, key.value_or(""), covered);
            body.type = "HS_SECKEY";
            body.proof = handle::encode(proof);
        }
        handle::Envelope envelope;
        envelope.request = packet.envelope.request;
        envelope.session = packet.envelope.session;
        handle::Header header;
        header.op = handle::Op::challenge_response;
        return handle::encode_message(envelope, header, handle::encode(body));
    }

    const Wish& wish_;
    const std::uint32_t session_;
    std::uint32_t counter_;
    const std::string key_;
    std::uint32_t number_;
    handle::Reference by_;
    std::unique_ptr<trust::RsaKey> rsa_;
    std::minstd_rand random_{1};
};

constexpr std::size_t sockets_count = 4;

class Load {
public:
    explicit Load(const Wish& wish) : wish_(wish), talk_(wish) {
        rate_ = wish.number("rate", 0);
        window_ = static_cast<std::size_t>(wish.number("window", rate_ > 0 ? 32'768 : 512));
        for (auto& one : sockets_) one.socket = open();
        took_.resize(4'000'000);  // touched, so that no page is missing while it measures
        took_.clear();
        if (rate_ > 0) ::prctl(PR_SET_TIMERSLACK, 1'000);
    }

    void run() {
        const auto began = Clock::now();
        const double cpu = cpu_seconds(wish_.pid);
        const auto until = began + std::chrono::duration_cast<Clock::duration>(
                                       std::chrono::duration<double>(wish_.seconds));
        const bool once = wish_.is_change() || wish_.text("order") == "once";
        auto heard = began, before = began;
        for (auto now = began; now < until; now = Clock::now()) {
            const double due = rate_ > 0 ? due_by(now - std::exchange(before, now)) : 1e18;
            while (in_flight_ < window_ && double(sent_) < due && !(once && sent_ >= wish_.count))
                ask();
            flush();
            if (receive()) heard = now;
            if (once && answered_ >= wish_.count) break;
            if (now - heard > std::chrono::milliseconds(300) && !wish_.is_change() && rate_ == 0) {
                lost_ += in_flight_;
                in_flight_ = 0;
                asked_at_.fill({});
                heard = now;
            }
        }
        tell(std::chrono::duration<double>(Clock::now() - began).count(),
             cpu_seconds(wish_.pid) - cpu);
    }

private:
    struct Way {
        int socket = -1;
        std::string out, in;
    };

    // How many should have been asked by now. `gap`: since it was asked last; of a long one, which was this
    // program's own, a millisecond counts.
    double due_by(Clock::duration gap) {
        const std::chrono::duration<double, std::milli> own = gap;
        own_stall_ms_ = std::max(own_stall_ms_, own.count());
        own_stalls_ += own.count() > 1.0;
        due_ += rate_ * std::min(own.count(), 1.0) / 1'000;
        return due_;
    }

    int open() const {
        const int out = ::socket(AF_INET, wish_.is_tcp() ? SOCK_STREAM : SOCK_DGRAM, 0);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(static_cast<std::uint16_t>(wish_.port));
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(out, reinterpret_cast<sockaddr*>(&to), sizeof(to)) != 0) {
            std::perror("connect");
            std::exit(1);
        }
        const int on = 1, large = 4 << 20;
        ::setsockopt(out, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        ::setsockopt(out, SOL_SOCKET, SO_RCVBUF, &large, sizeof(large));
        if (!wish_.is_tcp()) ::setsockopt(out, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
        ::fcntl(out, F_SETFL, O_NONBLOCK);
        return out;
    }

    void ask() {
        const std::uint32_t request = ++request_ & 0xffff;
        Way& way = sockets_[request_ % sockets_count];
        std::string question = talk_.next(request);
        if (asked_at_[request] != Clock::time_point()) {  // its number comes round again
            ++lost_;
            if (in_flight_ > 0) --in_flight_;
        }
        asked_at_[request] = Clock::now();
        ++sent_;
        ++in_flight_;
        if (wish_.is_tcp()) {
            way.out += question;
        } else {
            datagrams_[request_ % sockets_count].push_back(std::move(question));
        }
    }

    void flush() {
        for (std::size_t at = 0; at < sockets_count; ++at) {
            Way& way = sockets_[at];
            if (!way.out.empty()) {
                const auto done = ::send(way.socket, way.out.data(), way.out.size(), MSG_NOSIGNAL);
                if (done > 0) way.out.erase(0, static_cast<std::size_t>(done));
            }
            auto& waiting = datagrams_[at];
            if (waiting.empty()) continue;
            std::vector<iovec> pieces(waiting.size());
            std::vector<mmsghdr> heads(waiting.size());
            for (std::size_t one = 0; one < waiting.size(); ++one) {
                pieces[one] = {waiting[one].data(), waiting[one].size()};
                heads[one].msg_hdr.msg_iov = &pieces[one];
                heads[one].msg_hdr.msg_iovlen = 1;
            }
            (void)::sendmmsg(way.socket, heads.data(), static_cast<unsigned>(heads.size()), 0);
            waiting.clear();
        }
    }

    bool receive() {
        pollfd polled[sockets_count];
        for (std::size_t at = 0; at < sockets_count; ++at) {
            const bool writes = !sockets_[at].out.empty();
            polled[at] = {sockets_[at].socket,
                          static_cast<short>(POLLIN | (writes ? POLLOUT : 0)), 0};
        }
        const long pause_us = rate_ > 0 ? std::clamp(long(1e6 / rate_), 50L, 1'000L) : 5'000;
        const timespec pause{0, pause_us * 1'000};
        if (::ppoll(polled, sockets_count, &pause, nullptr) <= 0) return false;
        const auto before = answered_;
        for (std::size_t at = 0; at < sockets_count; ++at) {
            if ((polled[at].revents & POLLIN) == 0) continue;
            wish_.is_tcp() ? receive_stream(sockets_[at]) : receive_datagrams(sockets_[at]);
        }
        return answered_ != before;
    }

    void receive_datagrams(Way& way) {
        static constexpr std::size_t batch = 64;
        static char buffer[batch][4'096];
        alignas(cmsghdr) static char controls[batch][CMSG_SPACE(sizeof(timespec))];
        iovec pieces[batch];
        mmsghdr heads[batch] = {};
        for (std::size_t at = 0; at < batch; ++at) {
            pieces[at] = {buffer[at], sizeof(buffer[at])};
            heads[at].msg_hdr.msg_iov = &pieces[at];
            heads[at].msg_hdr.msg_iovlen = 1;
            heads[at].msg_hdr.msg_control = controls[at];
            heads[at].msg_hdr.msg_controllen = sizeof(controls[at]);
        }
        const int count = ::recvmmsg(way.socket, heads, batch, MSG_DONTWAIT, nullptr);
        for (int at = 0; at < count; ++at) {
            const std::string_view one(buffer[at], heads[at].msg_len);
            // Of an answer in several datagrams the first one counts.
            const bool follows = !wish_.is_dns() && one.size() >= 16 && one[15] != '\0';
            if (!follows) take(way, one, ago(heads[at].msg_hdr));
        }
    }

    // How long the kernel has had a datagram by now.
    static Clock::duration ago(msghdr& head) {
        const cmsghdr* told = CMSG_FIRSTHDR(&head);
        if (told == nullptr || told->cmsg_type != SCM_TIMESTAMPNS) return {};
        timespec came{}, now{};
        std::memcpy(&came, CMSG_DATA(told), sizeof(came));
        ::clock_gettime(CLOCK_REALTIME, &now);
        const auto ns = (now.tv_sec - came.tv_sec) * 1'000'000'000 + now.tv_nsec - came.tv_nsec;
        return std::chrono::nanoseconds(std::max(0L, ns));
    }

    void receive_stream(Way& way) {
        static char buffer[1 << 16];
        const auto got = ::recv(way.socket, buffer, sizeof(buffer), 0);
        if (got <= 0) return;
        way.in.append(buffer, static_cast<std::size_t>(got));
        std::size_t at = 0;
        for (;;) {
            const std::string_view rest = std::string_view(way.in).substr(at);
            if (rest.size() < (wish_.is_dns() ? 2 : handle::envelope_bytes)) break;
            Reader in(as_bytes(rest.substr(wish_.is_dns() ? 0 : 16)));
            const std::size_t whole =
                wish_.is_dns() ? 2 + std::size_t{in.take_be<std::uint16_t>().value_or(0)}
                               : handle::envelope_bytes + in.take_be<std::uint32_t>().value_or(0);
            if (rest.size() < whole) break;
            take(way, rest.substr(wish_.is_dns() ? 2 : 0, whole - (wish_.is_dns() ? 2 : 0)));
            at += whole;
        }
        way.in.erase(0, at);
    }

    void take(Way& way, std::string_view answer, Clock::duration ago = {}) {
        std::string reply;
        const bool is_good = talk_.take(answer, reply);
        if (!reply.empty()) {
            way.out += reply;
            return;
        }
        const auto number = [&](std::size_t at) {
            return static_cast<std::size_t>(static_cast<unsigned char>(answer[at]));
        };
        if (answer.size() < 12) return;
        const std::size_t request = wish_.is_dns() ? number(0) << 8 | number(1)
                                                   : number(10) << 8 | number(11);
        ++answered_;
        good_ += is_good;
        if (in_flight_ > 0) --in_flight_;
        if (asked_at_[request] == Clock::time_point()) return;
        const auto asked_at = std::exchange(asked_at_[request], {});
        const std::chrono::duration<double, std::milli> took = Clock::now() - ago - asked_at;
        if (took_.size() < took_.capacity()) took_.push_back(float(std::max(0.0, took.count())));
    }

    void tell(double seconds, double cpu) {
        std::ranges::sort(took_);
        const auto at = [&](double share) {
            return took_.empty() ? 0.0
                                 : double(took_[std::size_t(share * double(took_.size() - 1))]);
        };
        std::printf("{\"answered\":%llu,\"good\":%llu,\"lost\":%zu,\"per_second\":%.0f,"
                    "\"cpu_seconds\":%.2f,\"per_cpu_second\":%.0f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,"
                    "\"p999_ms\":%.3f,\"max_ms\":%.3f,\"own_stall_ms\":%.3f,\"own_stalls\":%u}\n",
                    static_cast<unsigned long long>(answered_),
                    static_cast<unsigned long long>(good_), lost_, double(answered_) / seconds, cpu,
                    cpu > 0 ? double(answered_) / cpu : 0, at(0.5), at(0.99), at(0.999), at(1.0),
                    own_stall_ms_, own_stalls_);
    }

    const Wish& wish_;
    Talk talk_;
    std::array<Way, sockets_count> sockets_;
    std::array<std::vector<std::string>, sockets_count> datagrams_;
    std::array<Clock::time_point, 1 << 16> asked_at_{};
    std::vector<float> took_;
    double rate_ = 0, due_ = 0, own_stall_ms_ = 0;
    unsigned own_stalls_ = 0;  // longer than a millisecond
    std::size_t window_ = 0, in_flight_ = 0, lost_ = 0;
    std::uint64_t sent_ = 0, answered_ = 0, good_ = 0;
    std::uint32_t request_ = 0;
};

}  // namespace

int main(int words, char** word) {
    if (words < 7) {
        std::fputs("handle_load KIND PORT PID NAME COUNT SECONDS [option=value...]\n", stderr);
        return 2;
    }
    Wish wish;
    wish.kind = word[1];
    wish.port = std::atoi(word[2]);
    wish.pid = word[3];
    wish.name = word[4];
    wish.count = std::uint32_t(std::atoi(word[5]));
    wish.seconds = std::atof(word[6]);
    for (int at = 7; at < words; ++at) {
        const std::string option = word[at];
        const auto equals = option.find('=');
        if (equals != option.npos) wish.options[option.substr(0, equals)] = option.substr(equals + 1);
    }
    std::make_unique<Load>(wish)->run();
    return 0;
}
