"""Input serializers. They check the shape of the input; the box office checks the rest."""
