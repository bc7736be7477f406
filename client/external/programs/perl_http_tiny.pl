# Perl's HTTP::Tiny with its default settings, which keep one connection.
use strict;
use warnings;
use HTTP::Tiny;
use JSON::PP;

$| = 1;
my $json = JSON::PP->new->canonical;
my $http = HTTP::Tiny->new;
my $patience = $http->timeout;

print $json->encode({ ready => JSON::PP::true }), "\n";
while (my $line = <STDIN>) {
    my $asked = $json->decode($line);
    $http->timeout(defined $asked->{timeoutMs} ? $asked->{timeoutMs} / 1000 : $patience);
    my $response = $http->request($asked->{method}, $asked->{url});
    # HTTP::Tiny reports its own errors as status 599, with the text as the body.
    my $result = $response->{status} == 599
        ? { error => (split /\n/, $response->{content})[0], causes => [$response->{content}] }
        : { status => $response->{status} + 0, body => $response->{content} };
    print $json->encode({ id => $asked->{id}, %$result }), "\n";
}
