# Perl's LWP::UserAgent with keep_alive, as its documentation describes it for several requests to one server.
use strict;
use warnings;
use JSON::PP;
use LWP::UserAgent;
use HTTP::Request;

$| = 1;
my $json = JSON::PP->new->canonical;
my $agent = LWP::UserAgent->new(keep_alive => 1);
my $patience = $agent->timeout;

print $json->encode({ ready => JSON::PP::true }), "\n";
while (my $line = <STDIN>) {
    my $asked = $json->decode($line);
    $agent->timeout(defined $asked->{timeoutMs} ? $asked->{timeoutMs} / 1000 : $patience);
    my $response = $agent->request(HTTP::Request->new($asked->{method}, $asked->{url}));
    # If LWP gets no response, it makes one itself, with status 500 and this header.
    if (($response->header('Client-Warning') // '') eq 'Internal response') {
        print $json->encode({ id => $asked->{id}, error => $response->message, causes => [$response->content] }), "\n";
    } else {
        print $json->encode({ id => $asked->{id}, status => $response->code + 0, body => $response->decoded_content }), "\n";
    }
}
